import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTime, type TimeForm } from "./read-time.ts";
import { TimeZone } from "./time-zone.ts";

const iso = (text: string, form: TimeForm = {}): string => {
  const { time, expected } = readTime(text, form);
  return time === undefined ? expected : new Date(time).toISOString();
};

describe("a time with a zone", () => {
  test.each([
    ["ISO 8601", "2026-11-01T09:30:00Z", "2026-11-01T09:30:00.000Z"],
    ["without seconds", "2026-11-01T09:30+01:00", "2026-11-01T08:30:00.000Z"],
    ["PostgreSQL", "2026-11-01 09:30:00.123456+05", "2026-11-01T04:30:00.123Z"],
    ["PostgreSQL, half an hour", "2026-11-01 09:30:00-03:30", "2026-11-01T13:00:00.000Z"],
    ["BigQuery", "2026-11-01 09:30:00 UTC", "2026-11-01T09:30:00.000Z"],
    ["BigQuery, fractions", "2026-11-01 09:30:00.5 UTC", "2026-11-01T09:30:00.500Z"],
    ["Snowflake", "2026-11-01 09:30:00.000 -0700", "2026-11-01T16:30:00.000Z"],
    ["Go", "2026-11-01 09:30:00.999999999 +0000 UTC", "2026-11-01T09:30:00.999Z"],
    ["Go in summer", "2026-07-01 09:30:00 +0200 CEST", "2026-07-01T07:30:00.000Z"],
    ["Go, a zone without a name", "2026-11-01 09:30:00 -0300 -03", "2026-11-01T12:30:00.000Z"],
    ["Go, with its clock", "2026-11-01 09:30:00.1 +0000 UTC m=+0.000012", "2026-11-01T09:30:00.100Z"],
    ["Python", "2026-11-01 09:30:00,250Z", "2026-11-01T09:30:00.250Z"],
    ["a leap day", "2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"],
  ])("as %s writes it", (_, text, expected) => {
    expect(iso(text)).toBe(expected);
  });

  test("any moment reads back", () => {
    const date = fc.date({ min: new Date("1973-04-01"), max: new Date("2200-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(date, (moment) => {
        expect(iso(moment.toISOString())).toBe(moment.toISOString());
      }),
    );
  });

  test.each([
    "2026-06-31T10:00:00Z",
    "2026-02-30T00:00:00Z",
    "2027-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-11-01T24:00:00Z",
    "2026-11-01T09:60:00Z",
    "2026-12-31T23:59:60Z",
  ])("%s is none", (text) => {
    expect(iso(text)).toBe("an existing day and time of day");
  });

  test.each(["2026-11-01T09:30:00+99:00", "2026-11-01 09:30:00+01:75"])(
    "%s has no zone that exists",
    (text) => {
      expect(iso(text)).toBe("a valid offset from UTC");
    },
  );

  test.each([
    "",
    "yesterday",
    "2026-11-01",
    "01.11.2026 09:30",
    "11/01/2026 09:30 PM",
    "2026-11-01T09:30:00 CET",
  ])("%j is no time", (text) => {
    expect(iso(text)).toBe(
      "milliseconds since the epoch, or a time with a zone such as 2026-11-01T09:30:00Z",
    );
  });
});

describe("a time of digits", () => {
  test.each([
    ["ms", "1793525400123"],
    ["s", "1793525400.123"],
    ["us", "1793525400123999"],
    ["ns", "1793525400123999999"],
  ] as const)("in %s", (unit, text) => {
    expect(readTime(text, { unit })).toEqual({ time: 1_793_525_400_123 });
  });

  test.each([
    ["ms", "1793525400", "milliseconds since the epoch (this looks like seconds: --time-unit s)"],
    ["ms", "1793525400000000", "milliseconds since the epoch (this looks like microseconds: --time-unit us)"],
    [
      "ms",
      "1793525400000000000",
      "milliseconds since the epoch (this looks like nanoseconds: --time-unit ns)",
    ],
    ["s", "1793525400000", "seconds since the epoch (this looks like milliseconds: --time-unit ms)"],
    ["us", "1793525400000", "microseconds since the epoch (this looks like milliseconds: --time-unit ms)"],
    ["us", "60", "microseconds since the epoch, 0 or after March 1973"],
    ["s", "60", "seconds since the epoch, 0 or after March 1973"],
    ["ms", "1793525400123.5", "milliseconds since the epoch, without a fraction"],
  ] as const)("in %s is not %s", (unit, text, expected) => {
    expect(readTime(text, { unit })).toEqual({ expected });
  });
});

describe("a time without a zone", () => {
  test("is refused until somebody says which it is", () => {
    expect(iso("2026-11-01 09:30:00")).toContain("a time with a zone such as");
    expect(iso("2026-11-01 09:30:00", { zone: TimeZone.parse("UTC") })).toBe("2026-11-01T09:30:00.000Z");
    expect(iso("2026-11-01 09:30:00", { zone: TimeZone.parse("+05:30") })).toBe("2026-11-01T04:00:00.000Z");
    // One that is written counts.
    expect(iso("2026-11-01 09:30:00+00", { zone: TimeZone.parse("+05:30") })).toBe(
      "2026-11-01T09:30:00.000Z",
    );
    expect(() => TimeZone.parse("Mars/Olympus")).toThrow("--time-zone: expected a zone such as UTC");
  });

  test("is read by the clocks of a place, and refused where they show it never or twice", () => {
    const zone = TimeZone.parse("Europe/Berlin");
    expect(iso("2026-10-24 12:00:00", { zone })).toBe("2026-10-24T10:00:00.000Z");
    expect(iso("2026-10-25 01:59:59", { zone })).toBe("2026-10-24T23:59:59.000Z");
    expect(iso("2026-10-25 02:30:00", { zone })).toBe(
      "a time with an offset, because clocks in Europe/Berlin show this time twice",
    );
    expect(iso("2026-10-25 03:00:00", { zone })).toBe("2026-10-25T02:00:00.000Z");
    expect(iso("2026-03-29 02:30:00", { zone })).toBe(
      "a time that exists in Europe/Berlin (the clock change skips this one)",
    );
    expect(iso("2026-03-29 03:00:00", { zone })).toBe("2026-03-29T01:00:00.000Z");
  });

  test("whatever clocks of a place show once is the moment at which they do; what they show twice is none", () => {
    const zone = TimeZone.parse("America/New_York");
    const shown = new Intl.DateTimeFormat("sv-SE", {
      timeZone: "America/New_York",
      dateStyle: "short",
      timeStyle: "medium",
    });
    const hour = 3_600_000;
    const minute = fc.integer({ min: Date.UTC(2026, 0) / 60_000, max: Date.UTC(2028, 0) / 60_000 });
    fc.assert(
      fc.property(minute, (minutes) => {
        const moment = minutes * 60_000;
        const text = shown.format(moment);
        const isTwice = text === shown.format(moment - hour) || text === shown.format(moment + hour);
        expect(iso(text, { zone })).toBe(
          isTwice
            ? "a time with an offset, because clocks in America/New_York show this time twice"
            : new Date(moment).toISOString(),
        );
      }),
      // The hour in which clocks are set back is rarely met by chance.
      { examples: [[Date.UTC(2026, 10, 1, 5) / 60_000], [Date.UTC(2026, 10, 1, 6, 59) / 60_000]] },
    );
  });
});
