import { eventSize } from "../../event/event-size.ts";
import { withoutRanges } from "../../event/seq-range.ts";
import { findEvent } from "../identities/find-event.ts";
import { identityKey } from "../identities/identities.ts";
import type { EventIdentity, Refutation, RefutationState } from "../outbox/outbox.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { discard } from "./correct.ts";

/** Whether what counts of an event is not what was recorded first, or not that alone. */
export const isCorrected = async (log: LogTransaction, identity: EventIdentity): Promise<boolean> =>
  (await log.tx.get("revisions", identityKey(identity))) !== undefined;

/**
 * Refutes an event that was corrected: it is a dead letter with what counted last. A correction that is not acknowledged is given up
 * with it.
 */
export const refuteCorrected = async (
  log: LogTransaction,
  { tenant_id, event_id, reason }: Refutation,
): Promise<RefutationState> => {
  const key = identityKey({ tenant_id, event_id });
  const revised = await log.tx.get("revisions", key);
  const carrier = await findEvent(log, { tenant_id, event_id: revised?.carrier ?? event_id });
  const origin = await findEvent(log, { tenant_id, event_id });
  if (revised === undefined || carrier === undefined || origin === undefined) return "unknown";
  const { state } = carrier;
  const isItself = revised.carrier === event_id;
  if (state === "inflight" || (isItself && state === "pending")) return "waiting";
  if (isItself && (state === "rejected" || state === "discarded")) return "repeat";
  if (state === "acknowledged" && revised.cancelled) return "repeat";
  const counted = state === "acknowledged" || isItself ? revised.event : revised.before?.event;
  log.tx.put("revisions", key, {
    revision: revised.revision,
    carrier: event_id,
    event: counted ?? revised.event,
    cancelled: false,
    recorded_at: revised.recorded_at,
    at: log.now,
  });
  if (isItself && state === "quarantined") {
    // It was never acknowledged: its doubt is settled.
    log.count(revised.event.meter_id, "quarantined", -1);
    log.count(revised.event.meter_id, "rejected", 1);
  } else {
    if (state !== "acknowledged") await discard(log, carrier, reason);
    if (counted === undefined) return "repeat";
    log.refuted([counted]);
    log.meta.letter_events++;
    log.meta.letter_bytes += eventSize(counted);
  }
  const { row, index, place } = origin;
  if (row !== undefined) await log.cut(row, index, index + 1, { to: "end" });
  const { key: at, producer, seq: first_seq, recorded_at, ids } = place;
  await keep(log, producer, first_seq);
  const letter = { state: "rejected", reason, ended_at: log.now } as const;
  await log.putAlone(
    counted ?? revised.event,
    { id: row?.id ?? "", key: at, producer, first_seq, recorded_at, ids },
    letter,
  );
  return "refuted";
};

/** What was discarded in favour of a correction is a dead letter now. */
const keep = async (log: LogTransaction, producer: string, seq: number): Promise<void> => {
  const owner = await log.tx.get("owners", producer);
  if (owner === undefined) return;
  const discarded = owner.discarded.flatMap(({ reason, ...range }) =>
    withoutRanges([range], [{ from: seq, to: seq }]).map((left) => ({ ...left, reason })),
  );
  log.tx.put("owners", producer, { ...owner, discarded });
};
