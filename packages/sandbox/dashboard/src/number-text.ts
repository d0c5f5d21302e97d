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
  return hours === 0 ? `${minutes} min` : `${NUMBER.format(hours)} h ${minutes % 60} min`;
};
