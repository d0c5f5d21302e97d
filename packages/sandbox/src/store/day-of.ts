/** The day, as `2026-11-22`, in which a time lies in a time zone. */
export type DayOf = (time: number, timeZone: string) => string;

/** Remembers what it told: formatting is slow, and there are few hours compared to the rows that ask for them. */
export const createDayOf = (): DayOf => {
  const zones = new Map<
    string,
    { readonly format: Intl.DateTimeFormat; readonly days: Map<number, string> }
  >();
  return (time, timeZone) => {
    let zone = zones.get(timeZone);
    if (zone === undefined) {
      // The one locale whose dates are written as ISO 8601 does.
      const format = new Intl.DateTimeFormat("sv-SE", {
        timeZone,
        year: "numeric",
        month: "2-digit",
        day: "2-digit",
      });
      zone = { format, days: new Map() };
      zones.set(timeZone, zone);
    }
    let day = zone.days.get(time);
    if (day === undefined) {
      day = zone.format.format(time);
      zone.days.set(time, day);
    }
    return day;
  };
};
