const SECONDS = /^\d+(?:\.\d+)?$/;
// The three forms of RFC 9110, 5.6.7; the last one names no zone and means GMT.
const HTTP_DATE = /^(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?, .+ GMT$/;
const ASCTIME_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** An HTTP date (RFC 9110, 5.6.7) in milliseconds since the epoch; undefined when it is none. */
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
 * A `Retry-After` header (RFC 9110, 10.2.3; seconds or a date) in milliseconds from now; undefined when it is neither.
 * A date counts from the answer's own `Date`, because the two clocks need not agree.
 */
export const parseRetryAfter = (text: string | null, answeredAt: number): number | undefined => {
  if (text === null) return undefined;
  const value = text.trim();
  if (SECONDS.test(value)) return Math.min(Math.ceil(Number(value) * 1000), Number.MAX_SAFE_INTEGER);
  const time = parseHttpDate(value);
  return time === undefined ? undefined : Math.max(0, time - answeredAt);
};
