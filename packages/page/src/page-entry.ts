import type { DurableOutcome, SettledOutcome } from "@meter-lib/core";
import { type Deferred, deferred } from "./deferred.ts";
import type { WireEvent } from "./wire-event.ts";

/** As a time, by `performance.now()`, or as a wait. */
export const NEVER: number = Number.POSITIVE_INFINITY;

/** An event that waits. */
export interface Entry extends WireEvent {
  readonly durable: Deferred<DurableOutcome>;
  readonly settled: Deferred<SettledOutcome>;
  /** Not to be sent before, by `performance.now()`; `NEVER` while it is on the way. */
  later: number;
  /** When it was first sent in an attempt that may have been processed. */
  sent_at?: number | undefined;
  /** The store that has it; undefined: memory only. */
  epoch?: string | undefined;
}

export const newEntry = ({ event, text, bytes }: WireEvent, epoch?: string): Entry => ({
  event,
  text,
  bytes,
  epoch,
  later: 0,
  durable: deferred(),
  settled: deferred(),
});

/** An event, and what became of it. */
export type Ended = readonly [
  entry: Entry,
  fate: Extract<SettledOutcome, { state: "acknowledged" | "rejected" | "quarantined" }>,
];
