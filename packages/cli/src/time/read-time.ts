import { isTime } from "@meter-lib/core/wire";
import type { ReadTime, TimeZone } from "./time-zone.ts";
import { offsetMs } from "./utc-offset.ts";

/** The unit of a time that is a plain number, since the epoch. */
export type TimeUnit = keyof typeof UNITS;

export interface TimeForm {
  /** @default "ms" */
  readonly unit?: TimeUnit | undefined;
  /** The zone of times without one. If it is not set, they are rejected: they would differ between machines. */
  readonly zone?: TimeZone | undefined;
}

const UNITS = {
  s: { name: "seconds", digitsBelowMs: -3 },
  ms: { name: "milliseconds", digitsBelowMs: 0 },
  us: { name: "microseconds", digitsBelowMs: 3 },
  ns: { name: "nanoseconds", digitsBelowMs: 6 },
} as const;

export const TIME_UNITS = ["s", "ms", "us", "ns"] as const satisfies readonly TimeUnit[];

const DIGITS = /^(\d{1,20})(?:\.(\d{1,9}))?$/;

/**
 * A date and a time of day in the formats of ISO 8601, PostgreSQL, BigQuery, Snowflake and Go. Zones: `Z`, `UTC`, `+02`, `+0200`, `+02:00`;
 * Go adds a name (`+0200 CEST`, `+0000 UTC`) and a monotonic clock reading (`m=+0.1`).
 */
const DATE =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)? ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?(?: (?:[A-Z]{3,5}|[+-]\d{2,4}))?(?: m=[+-][\d.]+)?)?$/i;

/** Parses a time. Rejects days that do not exist, and times in another unit. */
export const readTime = (text: string, { unit = "ms", zone }: TimeForm = {}): ReadTime => {
  const digits = DIGITS.exec(text);
  if (digits !== null) return readDigits(digits[1] ?? "", digits[2] ?? "", unit);
  const parts = DATE.exec(text);
  if (parts === null)
    return { expected: `${UNITS[unit].name} since the epoch, or a time with a zone such as ${EXAMPLE}` };
  const wall = wallTime(parts);
  if (wall === undefined) return { expected: "an existing day and time of day" };
  const given = parts[8];
  if (given !== undefined) {
    const offset = offsetMs(given);
    return offset === undefined ? { expected: "a valid offset from UTC" } : { time: wall - offset };
  }
  return zone === undefined
    ? { expected: `a time with a zone such as ${EXAMPLE}, or --time-zone for those without` }
    : zone.instant(wall);
};

const EXAMPLE = "2026-11-01T09:30:00Z";

const readDigits = (whole: string, fraction: string, unit: TimeUnit): ReadTime => {
  const time = toMs(whole, fraction, unit);
  const { name } = UNITS[unit];
  if (fraction !== "" && unit !== "s") return { expected: `${name} since the epoch, without a fraction` };
  const isRight = (ms: number) => isTime(ms) && (ms > 0 || Number(whole + fraction) === 0);
  if (isRight(time)) return { time };
  const likely = TIME_UNITS.find((other) => other !== unit && isRight(toMs(whole, fraction, other)));
  return {
    expected:
      likely === undefined
        ? `${name} since the epoch, 0 or after March 1973`
        : `${name} since the epoch (this looks like ${UNITS[likely].name}: --time-unit ${likely})`,
  };
};

// By digits, not by division: today's nanoseconds exceed the safe integers.
const toMs = (whole: string, fraction: string, unit: TimeUnit): number => {
  const below = UNITS[unit].digitsBelowMs;
  if (below < 0) return Number(whole + fraction.slice(0, -below).padEnd(-below, "0"));
  return Number(below === 0 ? whole : whole.slice(0, -below));
};

/** The wall-clock time as if it were UTC; undefined if no clock ever shows it. */
const wallTime = (parts: RegExpExecArray): number | undefined => {
  const month = Number(parts[2]);
  const day = Number(parts[3]);
  const hour = Number(parts[4]);
  const minute = Number(parts[5]);
  const second = Number(parts[6] ?? 0);
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Number((parts[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const wall = Date.UTC(Number(parts[1]), month - 1, day, hour, minute, second, ms);
  // Date.UTC turns 31 June into 1 July.
  return new Date(wall).getUTCDate() === day ? wall : undefined;
};
