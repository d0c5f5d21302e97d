import { createEventId } from "../../event/event-id.ts";
import type { Store, StoreLock, StoreTransaction } from "../store/store.ts";
import type { OwnerRow } from "../store/tables.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";

/** This opened log as an owner of events: its id, and the lock that shows others that it is alive. */
export interface Owner {
  readonly id: string;
  readonly lock: StoreLock;
}

/** Takes a lock under a new name before anybody can read the name. */
export const newOwner = async (store: Store, now: number): Promise<Owner> => {
  const id = createEventId(now);
  const lock = await store.lock(id);
  if (lock === undefined) throw new Error(`the lock ${id} of a new owner is taken`);
  return { id, lock };
};

export const enter = (tx: StoreTransaction, id: string, now: number): OwnerRow => {
  const row: OwnerRow = { state: "alive", last_seq: 0, discarded: [], opened_at: now };
  tx.put("owners", id, row);
  return row;
};

/** Renames an owner that lost its lock while nobody took over its events. */
export const takeOn = async (log: LogTransaction, from: string, to: string): Promise<void> => {
  const { tx } = log;
  const before = await tx.get("owners", from);
  if (before?.state !== "alive") return;
  tx.put("owners", from, { ...before, state: "gone" });
  for (const [key] of await tx.range("held", { from: `${from}/`, before: `${from}0` })) {
    const row = await tx.get("segments", key.slice(from.length + 1));
    if (row === undefined) continue;
    log.unindex(row);
    const held = { ...row, owner: to };
    log.putSegment(held);
    log.index(held);
  }
  for (const [id, { session, members }] of await tx.range("sessions", {})) {
    const { [from]: mine, ...others } = members;
    if (mine !== undefined) tx.put("sessions", id, { session, members: { ...others, [to]: mine } });
  }
};

/** Releases the events of dead owners for the next claim. */
export const takeOver = async (log: LogTransaction, me: string, store: Store): Promise<void> => {
  for (const [id, row] of await log.tx.range("owners", {})) {
    if (id === me) continue;
    if (row.state === "gone") {
      if (row.opened_at + log.options.ledgerMs < log.now) log.tx.delete("owners", id);
      continue;
    }
    if (row.state === "alive" && (await store.isLocked(id))) continue;
    log.tx.put("owners", id, { ...row, state: "gone" });
    await log.letGo(id);
  }
};

/** Whether an owner may still act: it is open, and its lock is taken. */
export const isAlive = async (tx: StoreTransaction, store: Store, id: string): Promise<boolean> =>
  (await tx.get("owners", id))?.state === "alive" && (await store.isLocked(id));
