import { EventRecord, type OutboxRow } from "@meter-lib/core";
import type { EventRow } from "./outbox-schema.ts";

/** What of an event never changes. */
const frozen = (event: EventRecord) => {
  const { event_id, tenant_id, device_id, meter_id, type, event_time, total_usage } = event;
  const { start_time, end_time, metadata, session_id, bytes, fingerprint, lane } = event;
  return {
    event_id,
    tenant_id,
    device_id,
    meter_id,
    type,
    event_time,
    total_usage,
    start_time,
    end_time,
    metadata,
    session_id,
    bytes,
    fingerprint,
    lane,
  };
};

/** What changes with every attempt. */
export const delivery = ({ customer_id, attempts, firstSentAt }: EventRecord) => ({
  customer_id,
  attempts,
  first_sent_at: firstSentAt,
});

/** A pending row; `holder` undefined: nobody's. */
export const pendingRow = (
  event: EventRecord,
  place: Pick<EventRow, "key" | "seq" | "producer" | "recorded_at">,
  holder: string | undefined,
): EventRow => ({
  ...frozen(event),
  ...delivery(event),
  ...place,
  state: "pending",
  ...(holder === undefined ? free(event.lane) : { holder }),
});

const free = (lane: EventRow["lane"]): { readonly free: 0 | 1 } => ({ free: lane === "live" ? 0 : 1 });

/** The row, pending and nobody's. */
export const freed = ({ holder: _, ...row }: EventRow): EventRow => ({
  ...row,
  state: "pending",
  ...free(row.lane),
});

/** The row, held. */
export const heldBy = ({ free: _, ...row }: EventRow, holder: string): EventRow => ({ ...row, holder });

/** The row, pending no more. */
export const ended = (
  { holder: _, free: __, ...row }: EventRow,
  end: Pick<EventRow, "state" | "reason" | "status" | "ended_at">,
): EventRow => ({ ...row, ...end });

/** The event of a claimed row, as it was recorded. */
export const eventOf = (row: EventRow): EventRecord => {
  const event = new EventRecord(row, row.bytes, row.fingerprint);
  event.customer_id = row.customer_id;
  event.producer = row.producer;
  event.seq = row.seq;
  event.lane = row.lane;
  event.state = "pending";
  event.recordedAt = row.recorded_at;
  event.key = row.key;
  event.attempts = row.attempts;
  event.firstSentAt = row.first_sent_at;
  return event;
};

/** A row as people see it. */
export const shownRow = (row: EventRow): OutboxRow => ({
  key: row.key,
  state: row.state,
  event: eventOf(row),
  customer_id: row.customer_id === "" ? undefined : row.customer_id,
  lane: row.lane,
  attempts: row.attempts,
  first_sent_at: row.first_sent_at,
  recorded_at: row.recorded_at,
  reason: row.reason,
  status: row.status,
  ended_at: row.ended_at,
});
