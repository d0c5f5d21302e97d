import { logOutbox } from "./log-outbox.ts";
import { memoryStore } from "./memory-store.ts";
import type { Outbox } from "./outbox.ts";

export interface MemoryOutboxOptions {
  /** Most pending events. @default 10_000 */
  readonly maxEvents?: number;
  /** Most pending bytes. @default 16 MiB */
  readonly maxBytes?: number;
  /** How many ids of ended events are remembered, to know a repeat. @default 250_000 */
  readonly maxTombstones?: number;
  /** How long they are, in milliseconds. @default 24 hours */
  readonly tombstoneMs?: number;
  /** How many dead letters and quarantined events are kept; the oldest beyond are discarded. @default 10_000 */
  readonly maxLetters?: number;
  /**
   * How long, in milliseconds, the content of acknowledged events is kept, so that a late rejection becomes a dead letter that can be
   * sent again. @default 0
   */
  readonly keepAcknowledgedMs?: number;
}

const DAY_MS = 86_400_000;

/**
 * An outbox in memory: everything the contract asks for but durability. What is still pending at the end of the process is lost, so
 * `durable` of a receipt says `volatile`.
 */
export const memoryOutbox = ({
  maxEvents = 10_000,
  maxBytes = 16 * 1024 * 1024,
  maxTombstones = 250_000,
  tombstoneMs = DAY_MS,
  maxLetters = 10_000,
  keepAcknowledgedMs = 0,
}: MemoryOutboxOptions = {}): Outbox =>
  logOutbox(memoryStore(), {
    limits: { maxEvents, maxBytes },
    tombstones: { windowMs: tombstoneMs, max: maxTombstones },
    letters: { maxEvents: maxLetters, maxBytes, acknowledgedMs: keepAcknowledgedMs },
    ledgerMs: 2 * DAY_MS,
  });
