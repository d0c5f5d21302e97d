import type { PageRow } from "../sessions/session-row.ts";

/** Longer than a request takes, unless the relay is silent. */
const PATIENCE_MS = 5_000;

export interface PageLocks {
  /** Whether the browser has none: then pages use leases, and the time they were last seen. */
  readonly areMissing: boolean;
  /** Runs `work` while no other page of the origin does. */
  inTurn(work: () => Promise<void>): Promise<void>;
  /** Shows other pages that this one is alive. */
  show(): Promise<unknown>;
  /** Lists live pages. Ask before reading the pages' rows: a page that starts later is seen later. */
  living(): Promise<(page: PageRow) => boolean>;
  /** Lets go of everything, and takes nothing until `wake()`: nobody is to wait for a page that sleeps. */
  sleep(): void;
  wake(): void;
}

/** The Web Locks of a page: the browser releases them when the page ends. */
export const pageLocks = (name: string, me: string, leaseMs: number): PageLocks => {
  const locks = globalThis.navigator?.locks;
  let sleeping = new AbortController();
  let showing: Promise<unknown> | undefined;

  const asleep = () =>
    new Promise<void>((resolve) => {
      const { signal } = sleeping;
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });

  return {
    areMissing: locks === undefined,
    inTurn: async (work) => {
      const { signal } = sleeping;
      let hasRun = false;
      const run = async () => {
        hasRun = true;
        await Promise.race([work(), asleep()]);
      };
      const ask = async (options: LockOptions) => {
        if (!hasRun && !signal.aborted) await locks?.request(`${name} drain`, options, run).catch(ignore);
      };
      const waiting = new AbortController();
      const giveUp = () => waiting.abort();
      const timer = setTimeout(giveUp, PATIENCE_MS);
      signal.addEventListener("abort", giveUp);
      await ask({ signal: waiting.signal });
      clearTimeout(timer);
      // The holder was suspended when it got the lock. Two holders at once would do no harm.
      await ask({ steal: true });
      if (!hasRun && !signal.aborted) await run();
    },
    show: () => {
      if (sleeping.signal.aborted) return Promise.resolve();
      showing ??= new Promise((shown) => {
        const hold = () => {
          shown(undefined);
          return asleep();
        };
        (locks?.request(`${name} ${me}`, hold) ?? hold()).catch(shown);
      });
      return showing;
    },
    living: async () => {
      const since = Date.now() - (locks ? 0 : leaseMs);
      const query: LockManagerSnapshot | undefined = await locks?.query().catch(() => ({}));
      const names = new Set(query?.held?.map((lock) => lock.name));
      return ({ producer, seen_at }) => seen_at >= since || names.has(`${name} ${producer}`);
    },
    sleep: () => {
      sleeping.abort();
      showing = undefined;
    },
    wake: () => {
      if (sleeping.signal.aborted) sleeping = new AbortController();
    },
  };
};

/** It was not this page's turn, another page took the lock, or locks do not work here. */
const ignore = (error: unknown): void => {
  if (!(error instanceof DOMException)) throw error;
};
