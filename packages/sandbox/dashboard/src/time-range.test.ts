import { expect, test } from "vitest";
import { bucketsOf, periodBefore, rangeName, rangeOf, stepOf } from "./time-range.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 22, 12, 34);
const END = Date.UTC(2026, 10, 22, 13);

test("a time that ends now ends with the hour, and begins so many hours before", () => {
  expect(rangeOf({ range: "24h" }, NOW, "utc")).toEqual({ from: END - DAY, to: END });
  expect(rangeOf({ range: "all" }, NOW, "utc")).toEqual({ from: undefined, to: END });
});

test("what is told by the day begins with one", () => {
  expect(rangeOf({ range: "30d" }, NOW, "utc")).toEqual({ from: Date.UTC(2026, 9, 24), to: END });
});

test("an address may name its own time; one that makes no sense is the usual one", () => {
  const from = END - 3 * HOUR;
  expect(rangeOf({ from: `${from}`, to: `${END}` }, NOW, "utc")).toEqual({ from, to: END });
  expect(rangeName({ from: "1000", to: "2000" })).toBe("custom");
  expect(rangeName({ from: "2000", to: "1000", range: "24h" })).toBe("24h");
  expect(rangeOf({ from: "x", to: "-1", range: "9z" }, NOW, "utc")).toEqual({ from: END - 7 * DAY, to: END });
  expect(rangeOf({ from: "2000", to: "1000" }, NOW, "utc")).toEqual({ from: END - 7 * DAY, to: END });
});

test("a time of its own is widened to whole hours, or to whole days: usage has no finer times", () => {
  const [from, to] = [`${END - 100}`, `${END + 100}`];
  expect(rangeOf({ from, to }, NOW, "utc")).toEqual({ from: END - HOUR, to: END + HOUR });
  const [begin, end] = [Date.UTC(2026, 10, 22), Date.UTC(2026, 10, 23)];
  expect(rangeOf({ from, to, by: "day" }, NOW, "utc")).toEqual({ from: begin, to: end });
  expect(rangeOf({ range: "24h", by: "day" }, NOW, "utc")).toEqual({ from: begin - DAY, to: END });
});

test("nothing is told beyond a year from now", () => {
  const { to } = rangeOf({ from: "0", to: "999999999999999" }, NOW, "utc");
  expect(to).toBe(Date.UTC(2027, 10, 23));
});

test("hours while they are few, else days", () => {
  expect(stepOf({ from: END - 7 * DAY, to: END }, undefined)).toBe("hour");
  expect(stepOf({ from: END - 30 * DAY, to: END }, undefined)).toBe("day");
  expect(stepOf({ from: END - 30 * DAY, to: END }, "hour")).toBe("hour");
  expect(stepOf({ from: END - 365 * DAY, to: END }, "hour")).toBe("day");
  expect(stepOf({ from: undefined, to: END }, "hour")).toBe("day");
});

test("all hours and all days, without a hole", () => {
  expect(bucketsOf(END - 3 * HOUR, END, "hour", "utc").map(({ start }) => start)).toEqual([
    END - 3 * HOUR,
    END - 2 * HOUR,
    END - HOUR,
  ]);
  const days = bucketsOf(END - 2 * DAY, END, "day", "local");
  expect(days).toHaveLength(3);
  for (const [place, { end }] of days.slice(0, -1).entries()) expect(days[place + 1]?.start).toBe(end);
});

test("the period before is as long", () => {
  expect(periodBefore({ from: 3000, to: 4000 })).toEqual({ from: 2000, to: 3000 });
});
