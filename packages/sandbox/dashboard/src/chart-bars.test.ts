import { expect, test } from "vitest";
import type { SeriesPoint } from "../../src/store/usage-series.ts";
import { chartBars, firstMoment, togetherOf } from "./chart-bars.ts";
import { bucketsOf } from "./time-range.ts";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 22, 12);
const hours = (count: number) => bucketsOf(NOON, NOON + count * HOUR, "hour", "utc");

const point = (at: number | string, total_usage: number, duration_ms = 0): SeriesPoint => ({
  at,
  total_usage,
  duration_ms,
  events: 1,
});
const usage = { zone: "utc", measure: "total_usage", aggregation: "sum" } as const;

test("every series has a value for each hour of the time, also where nothing was used", () => {
  const series = [
    { group: "a", points: [point(NOON, 3), point(NOON + 2 * HOUR, 1)] },
    { group: null, points: [point(NOON + HOUR, 7)] },
  ];
  expect(chartBars(series, hours(4), usage)).toEqual([
    { group: "a", place: 0, values: [3, 0, 1, 0] },
    { group: null, place: 1, values: [0, 7, 0, 0] },
  ]);
});

test("a level stays until it is reported anew; before its first report it is unknown, not 0", () => {
  const series = [
    { group: "a", points: [point(NOON, 8), point(NOON + 2 * HOUR, 5)] },
    { group: "b", points: [point(NOON + HOUR, 0)] },
  ];
  const bars = chartBars(series, hours(4), { ...usage, aggregation: "last" });
  expect(bars.map(({ values }) => values)).toEqual([
    [8, 8, 5, 5],
    [undefined, 0, 0, 0],
  ]);
  expect(togetherOf(bars, "last", 4)).toEqual([8, 8, 5, 5]);
  expect(togetherOf(bars.slice(1), "last", 4)).toEqual([undefined, 0, 0, 0]);
});

test("durations are drawn in hours", () => {
  const series = [{ group: "a", points: [point(NOON, 0, HOUR / 2)] }];
  expect(chartBars(series, hours(1), { ...usage, measure: "duration_ms" })[0]?.values).toEqual([0.5]);
});

test("days of UTC", () => {
  const days = bucketsOf(Date.UTC(2026, 10, 21), Date.UTC(2026, 10, 24), "day", "utc");
  const series = [{ group: "a", points: [point("2026-11-22", 4)] }];
  expect(chartBars(series, days, usage)[0]?.values).toEqual([0, 4, 0]);
  expect(firstMoment(series, "utc")).toBe(Date.UTC(2026, 10, 22));
  expect(firstMoment([{ group: "a", points: [] }], "utc")).toBeUndefined();
});

test("together: sums add up, of highest values the highest counts", () => {
  const bars = [
    { group: "a", place: 0, values: [1, 5] },
    { group: "b", place: 1, values: [2, 3] },
  ];
  expect(togetherOf(bars, "sum", 2)).toEqual([3, 8]);
  expect(togetherOf(bars, "max", 2)).toEqual([2, 5]);
});
