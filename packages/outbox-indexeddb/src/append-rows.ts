import type { Append, Appended, EventRecord } from "@meter-lib/core";
import { pendingRow } from "./event-row.ts";
import type { EventRow, Tombstone } from "./outbox-schema.ts";
import { findRow, type OutboxWrite } from "./outbox-write.ts";
import type { OwnerHold } from "./owner-hold.ts";

export interface AppendLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Stores new events, each identity once, as long as there is room. Answers also the last number given. */
export const appendRows = async (
  write: OutboxWrite,
  hold: OwnerHold,
  appends: readonly Append[],
  { now, lastSeq, limits }: { readonly now: number; readonly lastSeq: number; readonly limits: AppendLimits },
): Promise<{ readonly appended: readonly Appended[]; readonly lastSeq: number }> => {
  const stored = await Promise.all(appends.map(({ event }) => findIdentity(write, event)));
  // The same identity may come twice in one transaction.
  const added = new Map<string, EventRow>();
  let seq = lastSeq;
  const appended = appends.map(({ event, hold: isHeld }, index): Appended => {
    const identity = `${event.tenant_id}\n${event.event_id}`;
    const known = stored[index] ?? added.get(identity);
    if (known !== undefined) {
      return known.fingerprint === event.fingerprint
        ? { state: "repeat", where: known.state }
        : { state: "conflict" };
    }
    const { pending_events, pending_bytes } = write.totals;
    if (pending_events >= limits.maxEvents || pending_bytes + event.bytes > limits.maxBytes) {
      return { state: "full" };
    }
    seq++;
    const row = insertRow(write, hold, event, { seq, recorded_at: now, isHeld });
    added.set(identity, row);
    return { state: "recorded", key: row.key, seq };
  });
  return { appended, lastSeq: seq };
};

/** Adds a row and counts it. */
export const insertRow = (
  write: OutboxWrite,
  hold: OwnerHold,
  event: EventRecord,
  {
    seq,
    recorded_at,
    isHeld,
  }: { readonly seq: number; readonly recorded_at: number; readonly isHeld: boolean },
): EventRow => {
  const producer = event.producer ?? hold.producer;
  const place = { key: write.totals.next_key++, seq, producer, recorded_at };
  const row = pendingRow(event, place, isHeld ? hold.producer : undefined);
  write.do(write.events.add(row));
  write.count(event, "recorded");
  write.count(event, "pending");
  write.enter(event, "recorded");
  write.afterwards(() => {
    event.key = row.key;
    event.seq = seq;
    event.producer = producer;
    event.recordedAt = recorded_at;
    if (isHeld) hold.add(event);
  });
  return row;
};

const findIdentity = async (
  write: OutboxWrite,
  event: EventRecord,
): Promise<EventRow | Tombstone | undefined> => {
  const [row, tombstone] = await Promise.all([
    findRow(write, event),
    write.tombstones.get([event.tenant_id, event.event_id]),
  ]);
  return row ?? tombstone;
};
