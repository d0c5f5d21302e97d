/** Whose clock the dashboard shows. */
export type Zone = "local" | "utc";

const OPTIONS: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "medium" };
const LOCAL = new Intl.DateTimeFormat(undefined, OPTIONS);
const UTC = new Intl.DateTimeFormat(undefined, { ...OPTIONS, timeZone: "UTC" });

/** The IANA name of a zone. */
export const timeZoneOf = (zone: Zone): string =>
  zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A time for people; a dash where there is none. */
export const timeText = (time: number | null | undefined, zone: Zone): string =>
  time === null || time === undefined ? "–" : zone === "utc" ? `${UTC.format(time)} UTC` : LOCAL.format(time);
