import type { Burial, EventRecord, OutboxChanges } from "@meter-lib/core";
import { insertRow } from "./append-rows.ts";
import { delivery, ended, freed } from "./event-row.ts";
import type { EventRow } from "./outbox-schema.ts";
import { findRow, hourOf, type OutboxWrite } from "./outbox-write.ts";
import type { OwnerHold } from "./owner-hold.ts";

type Settlements = Pick<OutboxChanges, "now" | "acknowledge" | "release" | "bury" | "unhold">;

const isPending = ({ state }: EventRow): boolean => state === "pending" || state === "inflight";

/** Moves rows as the receiver, or the engine, said. A row that another owner took meanwhile stays as that one has it. */
export const settleRows = async (
  write: OutboxWrite,
  hold: OwnerHold,
  changes: Settlements,
): Promise<void> => {
  const { now, acknowledge, release, bury, unhold } = changes;
  await Promise.all([
    // An acknowledgement is true whoever holds the row.
    eachRow(write, acknowledge, (event, row) => {
      write.enter(event, "acknowledged");
      entomb(write, row, "acknowledged", now);
    }),
    eachRow(write, release, (event, row) => {
      if (hold.owns(event, row)) write.do(write.events.put({ ...row, ...delivery(event), state: "pending" }));
    }),
    ...bury.map((burial) => buryRow(write, hold, burial, now)),
    eachRow(write, unhold, (event, row) => {
      if (hold.owns(event, row)) write.do(write.events.put(freed(row)));
    }),
  ]);
};

/** Marks what is about to be sent. Answers the events that are another owner's now. */
export const leaseRows = async (
  write: OutboxWrite,
  hold: OwnerHold,
  lease: readonly EventRecord[],
): Promise<readonly EventRecord[]> => {
  const taken: EventRecord[] = [];
  await Promise.all(
    lease.map(async (event) => {
      const { tenant_id, event_id, seq = 0, recordedAt } = event;
      let row = await findRow(write, event);
      // The browser threw the database away under a page that goes on: the event is stored anew.
      if (row === undefined && hold.has(event) && !(await write.tombstones.get([tenant_id, event_id]))) {
        row = insertRow(write, hold, event, { seq, recorded_at: recordedAt, isHeld: true });
      }
      if (!(row?.holder === hold.producer && hold.has(event))) taken.push(event);
      else write.do(write.events.put({ ...row, ...delivery(event), state: "inflight" }));
    }),
  );
  return taken;
};

/** Takes the row away and keeps the identity. */
export const entomb = (
  write: OutboxWrite,
  row: EventRow,
  state: "acknowledged" | "discarded",
  ended_at: number,
): void => {
  const { tenant_id, event_id, meter_id, fingerprint } = row;
  write.do(write.events.delete(row.key));
  write.do(
    write.tombstones.put({ tenant_id, event_id, meter_id, hour: hourOf(row), fingerprint, state, ended_at }),
  );
  write.totals.tombstones++;
  write.count(row, state, row.state === "inflight" ? "pending" : row.state);
};

/** Forgets tombstones that are too old or too many. */
export const pruneTombstones = async (write: OutboxWrite, before: number, max: number): Promise<void> => {
  const { tombstones, totals } = write;
  const forget = async (range: IDBKeyRange | null, count: number): Promise<void> => {
    const keys = await tombstones.index("ended_at").getAllKeys(range, count);
    for (const key of keys) write.do(tombstones.delete(key));
    totals.tombstones -= keys.length;
  };
  await forget(IDBKeyRange.upperBound(before, true), MAX_PRUNED);
  if (totals.tombstones > max) await forget(null, totals.tombstones - max);
};

const MAX_PRUNED = 2_000;

const eachRow = async (
  write: OutboxWrite,
  events: readonly EventRecord[],
  work: (event: EventRecord, row: EventRow) => void,
): Promise<void> => {
  await Promise.all(
    events.map(async (event) => {
      const row = await findRow(write, event);
      if (row !== undefined) work(event, row);
    }),
  );
};

const buryRow = async (
  write: OutboxWrite,
  hold: OwnerHold,
  { event, state, reason, status }: Burial,
  now: number,
): Promise<void> => {
  const row = await findRow(write, event);
  if (row === undefined || !isPending(row) || (row.holder !== undefined && !hold.owns(event, row))) return;
  write.do(write.events.put(ended(row, { state, reason, status, ended_at: now })));
  write.count(row, state, "pending");
};
