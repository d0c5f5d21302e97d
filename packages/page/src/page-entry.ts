import type { DurableOutcome, PageEvent, SettledOutcome } from "@meter-lib/core";

/** An event that waits. */
export interface Entry {
  readonly event: PageEvent;
  readonly bytes: number;
  readonly durable: PromiseWithResolvers<DurableOutcome>;
  readonly settled: PromiseWithResolvers<SettledOutcome>;
  /** When it was first sent in an attempt that may have been processed. */
  sent_at?: number | undefined;
  /** Not to be sent before. */
  later: number;
  isOnTheWay?: boolean;
  /** Since when it may have been sent without that being written down. */
  exposed_at?: number | undefined;
  /** The store that has it; undefined: memory only. */
  epoch?: string | undefined;
}

export const newEntry = (event: PageEvent, bytes: number): Entry => ({
  event,
  bytes,
  later: 0,
  durable: Promise.withResolvers(),
  settled: Promise.withResolvers(),
});

/** Whether it may have been sent before that time: then the relay may have forgotten it. */
export const isStale = (
  { exposed_at, sent_at }: Pick<Entry, "exposed_at" | "sent_at">,
  sentAfter: number,
): boolean => (exposed_at ?? sent_at ?? sentAfter) < sentAfter;

/** Whether two events of one id say the same, whenever they were recorded. */
export const isSame = (one: PageEvent, other: PageEvent): boolean =>
  JSON.stringify({ ...one, event_time: 0 }) === JSON.stringify({ ...other, event_time: 0 });
