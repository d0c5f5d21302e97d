import type { Zone } from "./time-text.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** More bars than this are too thin to be told apart. */
const MAX_HOURS = 31 * 24;

/** A time to look at: `from` included, `to` excluded; without `from` it is all time. */
export interface TimeRange {
  readonly from: number | undefined;
  readonly to: number;
}

/** What a bar stands for. */
export type Step = "hour" | "day";

/** Times that end now, by the word in the address. */
export const RANGES: readonly (readonly [name: string, words: string, hours: number])[] = [
  ["24h", "Last 24 hours", 24],
  ["7d", "Last 7 days", 7 * 24],
  ["30d", "Last 30 days", 30 * 24],
  ["1y", "Last year", 365 * 24],
  ["all", "All time", Number.POSITIVE_INFINITY],
];

const DEFAULT = "7d";

/** The start of the day that a time lies in, on the clock shown; moved by so many days. */
export const dayStart = (time: number, zone: Zone, days = 0): number => {
  const date = new Date(time);
  return zone === "utc"
    ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days)
    : new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
};

const numberIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** The word for the time in an address: one of {@link RANGES}, or `custom`. */
export const rangeName = ({ from, to, range }: Readonly<Record<string, string>>): string => {
  if (numberIn(from) !== undefined && numberIn(to) !== undefined) return "custom";
  return RANGES.some(([name]) => name === range) ? (range ?? DEFAULT) : DEFAULT;
};

/**
 * The time that an address names. What ends now ends with the hour, so that a question stays the same while it is asked
 * again; what is told by the day begins with a day.
 */
export const rangeOf = (params: Readonly<Record<string, string>>, now: number, zone: Zone): TimeRange => {
  const [from, to] = [numberIn(params.from), numberIn(params.to)];
  if (from !== undefined && to !== undefined && from < to) return { from, to };
  const end = Math.floor(now / HOUR_MS) * HOUR_MS + HOUR_MS;
  const hours = RANGES.find(([name]) => name === rangeName(params))?.[2] ?? 7 * 24;
  if (!Number.isFinite(hours)) return { from: undefined, to: end };
  return { from: hours < 30 * 24 ? end - hours * HOUR_MS : dayStart(now, zone, 1 - hours / 24), to: end };
};

/** Hours where they are few enough to be seen, unless days are asked for. */
export const stepOf = ({ from, to }: TimeRange, asked: string | undefined): Step => {
  if (from === undefined || to - from > MAX_HOURS * HOUR_MS) return "day";
  return asked === "hour" || asked === "day" ? asked : to - from > 8 * DAY_MS ? "day" : "hour";
};

/** First and last moment of a bar. */
export interface Bucket {
  readonly start: number;
  readonly end: number;
}

/** All hours or days of a time, also those without usage. Clocks change, so days have 23 to 25 hours. */
export const bucketsOf = (from: number, to: number, step: Step, zone: Zone): readonly Bucket[] => {
  const buckets: Bucket[] = [];
  let start = step === "hour" ? Math.floor(from / HOUR_MS) * HOUR_MS : dayStart(from, zone);
  while (start < to) {
    const end = step === "hour" ? start + HOUR_MS : dayStart(start, zone, 1);
    buckets.push({ start, end });
    start = end;
  }
  return buckets;
};

/** The time as long, right before. */
export const periodBefore = ({ from, to }: { readonly from: number; readonly to: number }): TimeRange => ({
  from: Math.max(0, 2 * from - to),
  to: from,
});
