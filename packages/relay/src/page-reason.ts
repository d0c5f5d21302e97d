import type { MeterError } from "@meter-lib/core";

// What a page is told in words. They are fixed: what a backend, a broker or the outbox says may hold addresses and names.

export const ID_CONFLICT = "event_id: this id was used before for another event";
export const REFUSED_BY_BACKEND = "the backend refuses it";
export const MAY_BE_COUNTED =
  "it may have been counted, and the receiver does not drop a second one: it is not sent again";
export const BEING_TAKEN = "another request is taking it";
export const UNDECIDED = "it is not yet known whether it was taken";
export const NO_TIME_LEFT = "there was no time left to hand it on";

const PAGE_FIELDS = new Set([
  "event_id",
  "meter_id",
  "event_time",
  "total_usage",
  "start_time",
  "end_time",
  "metadata",
  "session_id",
]);

/** Which fields of the page's own are at fault; what the catalog has instead is not for pages. */
export const invalidEventReason = ({ issues }: MeterError): string => {
  const fields = new Set(
    issues.map(({ field }) => field.split(".")[0] ?? "").filter((field) => PAGE_FIELDS.has(field)),
  );
  return `${fields.size === 0 ? "event" : [...fields].join(", ")}: not allowed by the catalog`;
};
