import { logOutbox } from "./log-outbox.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { memoryStore } from "./store/memory-store.ts";

export interface MemoryOutboxOptions {
  /** Maximum number of pending events. @default 10_000 */
  readonly maxEvents?: number;
  /** Maximum size of pending events, in bytes. @default 16 MiB */
  readonly maxBytes?: number;
  /** How many ids of settled events are remembered to recognize repeats. @default 250_000 */
  readonly maxTombstones?: number;
  /** How long these ids are remembered, in milliseconds. @default 24 hours */
  readonly tombstoneMs?: number;
  /** Maximum number of dead letters and quarantined events; the oldest beyond it are discarded. @default 10_000 */
  readonly maxDeadLetters?: number;
  /**
   * How long the content of acknowledged events is kept, in milliseconds, so that a late rejection becomes a dead letter that can be
   * redriven.
   * @default 0
   */
  readonly keepAcknowledgedMs?: number;
}

const DAY_MS = 86_400_000;

/**
 * An outbox in memory: the whole contract except durability. Events that are pending when the process ends are lost, so `durable` of a
 * receipt resolves with `volatile`.
 *
 * @example
 * ```ts
 * const client = new MeterClient({ transport, customerLookup, outbox: memoryOutbox({ keepAcknowledgedMs: 3_600_000 }) });
 * ```
 */
export const memoryOutbox = ({
  maxEvents = 10_000,
  maxBytes = 16 * 1024 * 1024,
  maxTombstones = 250_000,
  tombstoneMs = DAY_MS,
  maxDeadLetters = 10_000,
  keepAcknowledgedMs = 0,
}: MemoryOutboxOptions = {}): Outbox =>
  logOutbox(memoryStore(), {
    limits: { maxEvents, maxBytes },
    tombstones: { windowMs: tombstoneMs, max: maxTombstones },
    deadLetters: { maxEvents: maxDeadLetters, maxBytes, acknowledgedMs: keepAcknowledgedMs },
    ledgerMs: 2 * DAY_MS,
  });
