import { LOCALES } from "./locale.ts";

const NUMBER = new Intl.NumberFormat([...LOCALES], { maximumFractionDigits: 3 });
const COMPACT = new Intl.NumberFormat([...LOCALES], { notation: "compact", maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat([...LOCALES], {
  style: "percent",
  signDisplay: "exceptZero",
  maximumFractionDigits: 0,
});

/** A number for people; a dash where there is none. */
export const numberText = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : NUMBER.format(value);

/** A number in little room: `1.2M`. */
export const compactText = (value: number): string => COMPACT.format(value);

/** How much more than before: `+12%`. */
export const changeText = (now: number, before: number): string => PERCENT.format((now - before) / before);

/** A duration for people: `1 h 30 min`, `12.5 s`. Takes milliseconds. */
export const durationText = (ms: number): string => {
  if (ms < 60_000) return `${NUMBER.format(ms / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return `${rest} min`;
  return rest === 0 ? `${NUMBER.format(hours)} h` : `${NUMBER.format(hours)} h ${rest} min`;
};

/** A unit of so many: `1 page`, `2 pages`. What is no English word, such as `GB`, stays as it is. */
export const unitText = (value: number, unit: string): string =>
  value === 1 || !/[a-z]{2}[a-rt-z]$/.test(unit) ? unit : `${unit}s`;
