import type { MeterError } from "@meter-lib/core";
import { PAGE_EVENT_FIELDS } from "@meter-lib/core/wire";

// Texts for pages. They are fixed, because messages of a backend, a broker or the outbox may contain addresses and names.

export const ID_CONFLICT = "event_id: this id was used before for another event";
export const REFUSED_BY_BACKEND = "the backend refuses it";
export const MAY_BE_COUNTED =
  "it may have been counted, and the receiver does not drop a second one: it is not sent again";
export const BEING_TAKEN = "another request is taking it";
export const UNDECIDED = "it is not yet known whether it was taken";
export const NO_TIME_LEFT = "there was no time left to hand it on";

/** Names the invalid fields of an event. What the catalog expects is not disclosed to pages. */
export const invalidEventReason = ({ issues }: MeterError): string => {
  const fields = new Set(
    issues.map(({ field }) => field.split(".")[0] ?? "").filter((field) => PAGE_EVENT_FIELDS.has(field)),
  );
  return `${fields.size === 0 ? "event" : [...fields].join(", ")}: not allowed by the catalog`;
};
