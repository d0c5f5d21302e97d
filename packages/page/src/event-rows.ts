import type { PageEvent } from "@meter-lib/core";
import { ask, keysOf, type Totals } from "./page-database.ts";
import { STALE } from "./page-delivery.ts";
import { type Entry, isStale } from "./page-entry.ts";
import type { DeadLetter } from "./page-events.ts";

const MAX_DEAD = 1_000;

/** An event that waits in the database. */
export type EventRow = Pick<Entry, "event" | "bytes" | "exposed_at" | "sent_at">;

export const eventRow = ({ event, bytes, exposed_at, sent_at }: Entry): EventRow => ({
  event,
  bytes,
  exposed_at,
  sent_at,
});

export const getRow = (rows: IDBObjectStore, event_id: string): Promise<EventRow | undefined> =>
  ask(rows.get(["e", event_id]));

export const getLetter = (rows: IDBObjectStore, event_id: string): Promise<DeadLetter | undefined> =>
  ask(rows.get(["d", event_id]));

export const putRow = (rows: IDBObjectStore, row: EventRow): void => {
  rows.put(row, ["e", row.event.event_id]);
};

/** Adds a row and counts it. */
export const addRow = (rows: IDBObjectStore, totals: Totals, row: EventRow): void => {
  putRow(rows, row);
  totals.recorded++;
  totals.pending++;
  totals.bytes += row.bytes;
};

/** Takes a row away, if it is still there, and counts how it ended. */
export const endRow = async (
  rows: IDBObjectStore,
  totals: Totals,
  { event_id }: PageEvent,
  letter: DeadLetter | undefined,
): Promise<void> => {
  const row = await getRow(rows, event_id);
  if (row === undefined) return;
  rows.delete(["e", event_id]);
  totals.pending--;
  totals.bytes -= row.bytes;
  totals[letter?.state ?? "acknowledged"]++;
  if (letter === undefined) return;
  rows.put(letter, ["d", event_id]);
  if (totals.rejected + totals.quarantined <= MAX_DEAD) return;
  for (const key of await ask(rows.getAllKeys(keysOf("d"), 1))) rows.delete(key);
};

export interface ClaimRequest {
  readonly now: number;
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** What may have been sent before that time is not safe to send any more. */
  readonly sentAfter: number;
  readonly isSkipped: (event_id: string) => boolean;
}

/** Takes the oldest events, marked as sent from now on; buries what is no longer safe to send. */
export const claimRows = async (
  rows: IDBObjectStore,
  totals: Totals,
  { now, maxEvents, maxBytes, sentAfter, isSkipped }: ClaimRequest,
) => {
  const claimed: EventRow[] = [];
  const buried: DeadLetter[] = [];
  const waiting = new Set<string>();
  let bytes = 0;
  for (const key of await ask(rows.getAllKeys(keysOf("e")))) {
    const event_id = Array.isArray(key) ? String(key[1]) : "";
    waiting.add(event_id);
    if (claimed.length >= maxEvents || bytes >= maxBytes || isSkipped(event_id)) continue;
    const row = await getRow(rows, event_id);
    if (row === undefined) continue;
    if (isStale(row, sentAfter)) {
      const letter = { event: row.event, state: "quarantined", reason: STALE, status: undefined } as const;
      await endRow(rows, totals, row.event, letter);
      buried.push(letter);
      waiting.delete(event_id);
    } else if (bytes === 0 || bytes + row.bytes < maxBytes) {
      bytes += row.bytes;
      claimed.push(row);
      putRow(rows, { ...row, sent_at: row.sent_at ?? now });
    } else bytes = maxBytes;
  }
  return { claimed, buried, waiting, epoch: totals.epoch };
};
