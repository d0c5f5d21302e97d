import { MeterError } from "../errors/meter-error.ts";
import type { EventRecord } from "../event/event-record.ts";

// Why an event is not recorded, in the words that its receipt has.

export const closedRefusal = (): MeterError =>
  new MeterError("closed", "the client is closed; nothing was recorded");

export const noRoom = (why: string): MeterError =>
  new MeterError("no_room", `no room: ${why}; nothing was recorded`);

export const idConflict = ({ event_id, tenant_id }: EventRecord): MeterError =>
  new MeterError(
    "id_conflict",
    `event_id: ${JSON.stringify(event_id)} was recorded before for tenant ${JSON.stringify(tenant_id)} with other content`,
  );

/** The outbox fails, so nobody can say whether the event is a repeat. */
export const uncheckedId = ({ event_id, tenant_id }: EventRecord, outboxName: string): MeterError =>
  new MeterError(
    "outbox_failed",
    `event_id: the outbox ${outboxName} does not work at the moment, so nobody can say whether ${JSON.stringify(event_id)} was recorded before for tenant ${JSON.stringify(tenant_id)}; nothing was recorded, record it again later`,
  );
