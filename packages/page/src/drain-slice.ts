import { webLocks } from "@meter-lib/outbox-indexeddb/owner-life";
import type { PageDatabase } from "./page-database.ts";

/** One request takes less, unless the relay is silent. */
const PATIENCE_MS = 5_000;

export interface DrainSlice {
  readonly database: PageDatabase;
  readonly name: string;
  /** This page. */
  readonly me: string;
  /** Only without Web Locks: when another page need not wait for this one any more, in milliseconds. */
  readonly leaseMs: number;
  /** Aborts when the page sleeps: nobody is to wait for it. */
  readonly signal: AbortSignal;
}

/** Runs `work` while no other page of the origin does: under a Web Lock, or else under a lease. */
export const inSlice = async (
  { database, name, me, leaseMs, signal }: DrainSlice,
  work: () => Promise<void>,
): Promise<void> => {
  const slept = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  const locks = webLocks();
  if (locks !== undefined) {
    const lock = `${name} drain`;
    let isHeld = false;
    const hold = (options: LockOptions) =>
      locks.request(lock, options, () => {
        isHeld = true;
        return Promise.race([work(), slept]);
      });
    try {
      await hold({ signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
    } catch (error) {
      if (isHeld || signal.aborted) return ignoreAbort(error);
      // Its holder was put to sleep in the moment that it got the lock. Two at once would do no harm either.
      await hold({ steal: true }).catch(ignoreAbort);
    }
    return;
  }
  const now = Date.now();
  const isMine = await database.change(async (_, totals) => {
    const { lease } = totals;
    if (lease !== undefined && lease.owner !== me && lease.until > now) return false;
    totals.lease = { owner: me, until: now + leaseMs };
    return true;
  });
  if (!isMine) return;
  await Promise.race([work(), slept]);
  await database.change(async (_, totals) => {
    if (totals.lease?.owner === me) totals.lease = undefined;
  });
};

/** It was not this page's turn, or another one has taken the lock. */
const ignoreAbort = (error: unknown): void => {
  if (!(error instanceof DOMException) || error.name !== "AbortError") throw error;
};
