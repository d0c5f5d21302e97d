import type { DurableOutcome, SettledOutcome } from "@meter-lib/core";
import type { WireEvent } from "../event/wire-event.ts";
import { type Deferred, deferred } from "./deferred.ts";

/** A time by `performance.now()`, or a delay. */
export const NEVER: number = Number.POSITIVE_INFINITY;

/** An event that waits. */
export interface Entry extends WireEvent {
  readonly durable: Deferred<DurableOutcome>;
  readonly settled: Deferred<SettledOutcome>;
  /** Not sent before this time by `performance.now()`; `NEVER` while it is in flight. */
  later: number;
  attempts: number;
  /** When an attempt that may have been processed first sent it. */
  sent_at?: number | undefined;
  /** The store that has it; undefined if it is in memory only. */
  epoch?: string | undefined;
}

export const newEntry = ({ event, text, bytes }: WireEvent, epoch?: string): Entry => ({
  event,
  text,
  bytes,
  epoch,
  later: 0,
  attempts: 0,
  durable: deferred(),
  settled: deferred(),
});

/** An event and its result. */
export type Ended = readonly [
  entry: Entry,
  fate: Extract<SettledOutcome, { state: "acknowledged" | "rejected" | "quarantined" }>,
];
