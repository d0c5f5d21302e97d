const SECONDS = /^\d+(?:\.\d+)?$/;
// The three forms of RFC 9110, 5.6.7. The last has no zone and is in GMT.
const HTTP_DATE = /^(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?, .+ GMT$/;
const ASCTIME_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Parses an HTTP date (RFC 9110, 5.6.7) to milliseconds since the epoch. Returns undefined for anything else. */
export const parseHttpDate = (text: string | null): number | undefined => {
  if (text === null) return undefined;
  const date = text.trim();
  const time = HTTP_DATE.test(date)
    ? Date.parse(date)
    : ASCTIME_DATE.test(date)
      ? Date.parse(`${date} GMT`)
      : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
};

/**
 * Parses a `Retry-After` header (RFC 9110, 10.2.3), seconds or a date, to milliseconds from now. Returns undefined for anything else.
 * A date is relative to the response's `Date`, because the two clocks may differ.
 */
export const parseRetryAfter = (text: string | null, answeredAt: number): number | undefined => {
  if (text === null) return undefined;
  const value = text.trim();
  if (SECONDS.test(value)) return Math.min(Math.ceil(Number(value) * 1000), Number.MAX_SAFE_INTEGER);
  const time = parseHttpDate(value);
  return time === undefined ? undefined : Math.max(0, time - answeredAt);
};
