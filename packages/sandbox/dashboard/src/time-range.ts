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

const chosenRange = ({
  from,
  to,
}: Readonly<Record<string, string>>): readonly [from: number, to: number] | undefined => {
  const [first, last] = [numberIn(from), numberIn(to)];
  return first !== undefined && last !== undefined && first < last ? [first, last] : undefined;
};

/** The word for the time in an address: one of {@link RANGES}, or `custom`. */
export const rangeName = (params: Readonly<Record<string, string>>): string => {
  if (chosenRange(params) !== undefined) return "custom";
  const { range } = params;
  return RANGES.some(([name]) => name === range) ? (range ?? DEFAULT) : DEFAULT;
};

/**
 * The time that an address names, in whole hours or, where a bar is a day, in whole days: usage has no finer times. What ends now
 * ends with the hour, so that a question stays the same while it is asked again. Nothing is told beyond a year from now.
 */
export const rangeOf = (params: Readonly<Record<string, string>>, now: number, zone: Zone): TimeRange => {
  const end = Math.floor(now / HOUR_MS) * HOUR_MS + HOUR_MS;
  const chosen = chosenRange(params);
  if (chosen !== undefined) {
    const latest = end + 365 * DAY_MS;
    const from = Math.floor(Math.min(chosen[0], latest - HOUR_MS) / HOUR_MS) * HOUR_MS;
    const to = Math.ceil(Math.min(chosen[1], latest) / HOUR_MS) * HOUR_MS;
    if (stepOf({ from, to }, params.by) === "hour") return { from, to };
    return { from: dayStart(from, zone), to: dayStart(to - 1, zone, 1) };
  }
  const hours = RANGES.find(([name]) => name === rangeName(params))?.[2] ?? 7 * 24;
  if (!Number.isFinite(hours)) return { from: undefined, to: end };
  const from = end - hours * HOUR_MS;
  if (hours >= 30 * 24) return { from: dayStart(now, zone, 1 - hours / 24), to: end };
  return { from: stepOf({ from, to: end }, params.by) === "hour" ? from : dayStart(from, zone), to: end };
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
