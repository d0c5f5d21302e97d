import { CliError } from "../cli-error.ts";

const MOMENT = "milliseconds since the epoch, or an ISO time with a zone such as 2026-11-01T09:30:00Z";

const ISO_WITH_ZONE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})$/i;

/**
 * Milliseconds of a time as people and files write it: digits are milliseconds since the epoch; ISO 8601 needs a zone, because a time
 * without one would be another hour on another machine. Undefined for anything else.
 */
export const parseMoment = (text: string): number | undefined => {
  if (/^\d{1,16}$/.test(text)) return Number(text);
  if (!ISO_WITH_ZONE.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
};

/** A flag that is a time. */
export const moment =
  (flag: string) =>
  (text: string): number => {
    const time = text === "now" ? Date.now() : parseMoment(text);
    if (time === undefined) throw CliError.usage(flag, `${MOMENT}, or now`, JSON.stringify(text));
    return time;
  };

/** What {@link parseMoment} takes, in words. */
export const MOMENT_EXPECTED = MOMENT;
