import { expect, test } from "vitest";
import type { SeriesPoint } from "../../src/store/usage-series.ts";
import { chartData } from "./chart-data.ts";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 22, 12);

const point = (at: number | string, total_usage: number, duration_ms = 0): SeriesPoint => ({
  at,
  total_usage,
  duration_ms,
  events: 1,
});
const usage = { zone: "utc", measure: "total_usage", level: false } as const;
const seconds = (...times: readonly number[]): readonly number[] => times.map((time) => time / 1000);

test("an hour is a step from its start to its end; where nothing was used, the line lies on the ground", () => {
  const points = [point(NOON, 3), point(NOON + HOUR, 5), point(NOON + 4 * HOUR, 1)];
  expect(chartData([{ customer_id: "a", points }], usage)).toEqual({
    times: seconds(NOON, NOON + HOUR, NOON + 2 * HOUR, NOON + 4 * HOUR, NOON + 5 * HOUR),
    rows: [[3, 5, 0, 1, 0]],
  });
});

test("series share their times, each with its own values", () => {
  const data = chartData(
    [
      { customer_id: "a", points: [point(NOON, 3)] },
      { customer_id: null, points: [point(NOON + HOUR, 7)] },
    ],
    usage,
  );
  expect(data).toEqual({
    times: seconds(NOON, NOON + HOUR, NOON + 2 * HOUR),
    rows: [
      [3, 0, 0],
      [0, 7, 0],
    ],
  });
});

test("a level stays until it is reported anew, and is nothing before its first report", () => {
  const series = [
    { customer_id: "a", points: [point(NOON + HOUR, 70), point(NOON + 3 * HOUR, 50)] },
    { customer_id: "b", points: [point(NOON, 1)] },
  ];
  expect(chartData(series, { ...usage, level: true }).rows).toEqual([
    [null, 70, 70, 50, 50],
    [1, 1, 1, 1, 1],
  ]);
  expect(chartData(series, { ...usage, level: true, measure: "events" }).rows[0]).toEqual([0, 1, 0, 1, 0]);
});

test("durations are drawn in hours", () => {
  const points = [point(NOON, 0, 90 * 60_000)];
  expect(chartData([{ customer_id: "a", points }], { ...usage, measure: "duration_ms" }).rows).toEqual([
    [1.5, 0],
  ]);
});

test("days last as long as the clock says: 24 hours in UTC, what the calendar makes of it elsewhere", () => {
  const points = [point("2026-10-25", 4)];
  expect(chartData([{ customer_id: "a", points }], usage).times).toEqual(
    seconds(Date.UTC(2026, 9, 25), Date.UTC(2026, 9, 26)),
  );
  const local = chartData([{ customer_id: "a", points }], { ...usage, zone: "local" }).times;
  expect(local).toEqual(seconds(new Date(2026, 9, 25).getTime(), new Date(2026, 9, 26).getTime()));
});

test("nothing is nothing", () => {
  expect(chartData([], usage)).toEqual({ times: [], rows: [] });
});
