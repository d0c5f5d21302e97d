import { webLocks } from "@meter-lib/outbox-indexeddb/owner-life";
import type { PageDatabase } from "./page-database.ts";

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
    const request = locks.request(`${name} drain`, { signal }, () => Promise.race([work(), slept]));
    await request.catch((error) => {
      if (!signal.aborted) throw error;
    });
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
