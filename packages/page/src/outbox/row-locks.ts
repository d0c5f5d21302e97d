import { createEventId } from "@meter-lib/core/store";
import { ask, ending } from "../database/indexed-db.ts";
import type { Locking } from "./locking.ts";
import { LOCK_ROWS, type StoreDatabase } from "./store-database.ts";

interface LockRow {
  readonly holder: string;
  readonly seen_at: number;
}

const BEATS_PER_LEASE = 6;

/**
 * Locks for browsers without Web Locks: rows that their holders renew. A holder that is silent for the length of a lease loses its lock.
 */
export const rowLocks = (leaseMs: number, pages: StoreDatabase): Locking => {
  const find = async (tx: IDBTransaction, name: string): Promise<LockRow | undefined> => {
    const row: LockRow | undefined = await ask(tx.objectStore(LOCK_ROWS).get(name));
    return row !== undefined && Date.now() - row.seen_at < leaseMs ? row : undefined;
  };
  const change = async <Answer>(
    work: (rows: IDBObjectStore, tx: IDBTransaction) => Promise<Answer>,
  ): Promise<Answer> => {
    const tx = await pages.begin();
    const ended = ending(tx);
    const answer = await work(tx.objectStore(LOCK_ROWS), tx);
    await ended;
    return answer;
  };

  return {
    take: async (name) => {
      const holder = createEventId(Date.now());
      const isTaken = await change(async (rows, tx) => {
        if ((await find(tx, name)) !== undefined) return true;
        rows.put({ holder, seen_at: Date.now() } satisfies LockRow, name);
        return false;
      });
      if (isTaken) return undefined;
      let isLost = false;
      const beat = async (): Promise<void> => {
        isLost = await change(async (rows) => {
          const row: LockRow | undefined = await ask(rows.get(name));
          if (row?.holder !== holder) return true;
          rows.put({ holder, seen_at: Date.now() } satisfies LockRow, name);
          return false;
        });
        if (isLost) clearInterval(beats);
      };
      const beats = setInterval(() => {
        // Do not wake a suspended page; what fails now works later, or the lease ends.
        if (!pages.isAsleep) beat().catch(() => {});
      }, leaseMs / BEATS_PER_LEASE);
      return {
        isLost: () => isLost,
        end: () => {
          clearInterval(beats);
          return change(async (rows) => {
            const row: LockRow | undefined = await ask(rows.get(name));
            if (row?.holder === holder) rows.delete(name);
          });
        },
        endsInSleep: false,
      };
    },
    isTaken: async (name, tx) => (await find(tx ?? (await pages.begin()), name)) !== undefined,
  };
};
