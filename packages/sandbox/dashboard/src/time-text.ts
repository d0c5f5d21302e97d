import { LOCALES } from "./locale.ts";

const DAY_MS = 86_400_000;

/** Whose clock the dashboard shows. */
export type Zone = "local" | "utc";

const format = (options: Intl.DateTimeFormatOptions): Record<Zone, Intl.DateTimeFormat> => ({
  local: new Intl.DateTimeFormat([...LOCALES], options),
  utc: new Intl.DateTimeFormat([...LOCALES], { ...options, timeZone: "UTC" }),
});
const EXACT = format({ dateStyle: "medium", timeStyle: "medium" });
const MINUTE = format({ dateStyle: "medium", timeStyle: "short" });
const DAY = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const TICK_HOUR = format({ hour: "2-digit", minute: "2-digit" });
const TICK_DAY = format({ day: "numeric", month: "short" });
const TICK_MONTH = format({ month: "short", year: "numeric" });
const RELATIVE = new Intl.RelativeTimeFormat([...LOCALES], { numeric: "auto", style: "short" });

/** The IANA name of a zone. */
export const timeZoneOf = (zone: Zone): string =>
  zone === "utc" ? "UTC" : EXACT.local.resolvedOptions().timeZone;

const inZone = (text: string, zone: Zone): string => (zone === "utc" ? `${text} UTC` : text);

/** A time for people, to the second; a dash where there is none. */
export const timeText = (time: number | null | undefined, zone: Zone): string =>
  time === null || time === undefined ? "–" : inZone(EXACT[zone].format(time), zone);

/** A time to the minute. */
export const minuteText = (time: number, zone: Zone): string => inZone(MINUTE[zone].format(time), zone);

/** The day of a time. */
export const dayText = (time: number, zone: Zone): string => DAY[zone].format(time);

/** The mark of a time on an axis: an hour, at its beginning a day, where days are many a month. */
export const tickText = (time: number, zone: Zone, spanMs: number): string => {
  if (spanMs > 200 * DAY_MS) return TICK_MONTH[zone].format(time);
  const date = new Date(time);
  const hours = zone === "utc" ? date.getUTCHours() : date.getHours();
  const minutes = zone === "utc" ? date.getUTCMinutes() : date.getMinutes();
  return (hours === 0 && minutes === 0 ? TICK_DAY : TICK_HOUR)[zone].format(time);
};

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Number.POSITIVE_INFINITY],
];

/** How long ago a time is, in words. */
export const agoText = (time: number, now: number): string => {
  let amount = (time - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(amount) < size) return RELATIVE.format(Math.round(amount), unit);
    amount /= size;
  }
  return "";
};
