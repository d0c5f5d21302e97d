import { MeterError } from "@meter-lib/core";
import type { PageEvent } from "@meter-lib/core/wire";

/** Why an event is not taken: its id is known with different content, whenever that was recorded, or it finds no room. */
export const refusalOf = (
  event: PageEvent,
  known: { readonly event: PageEvent } | undefined,
  isFull: boolean,
): MeterError | undefined => {
  if (known === undefined) return isFull ? new MeterError("no_room", "too many pending events") : undefined;
  return contentOf(known.event) === contentOf(event)
    ? undefined
    : new MeterError("id_conflict", "event_id: recorded before with different content");
};

const contentOf = (event: PageEvent): string => JSON.stringify({ ...event, event_time: 0 });
