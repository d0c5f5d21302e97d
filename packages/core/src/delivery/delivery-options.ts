import type { MeterErrorCode } from "../errors/meter-error.ts";
import type { Outbox } from "../log/outbox.ts";
import type { Clock } from "../strategies/clock.ts";
import type { CustomerLookup } from "../strategies/customer-lookup.ts";
import type { Transport } from "../strategies/transport.ts";
import type { Random } from "./retry.ts";

/** What happens to an event whose fate is unsure at a receiver that does not deduplicate. */
export type AmbiguityPolicy = "quarantine" | "resend";

/** How `record()` delivers. */
export interface DeliveryOptions {
  /** Longest wait for a batch to fill, in milliseconds. @default 1_000 */
  readonly lingerMs?: number;
  /** Most events in a batch, where the transport allows as many. @default 500 */
  readonly maxBatchEvents?: number;
  /** Most bytes in a batch, where the transport allows as many. @default 512 KiB */
  readonly maxBatchBytes?: number;
  /** Batches on the way at once, per destination. @default the transport's */
  readonly maxInFlight?: number;
  /** Longest wait between two attempts, in milliseconds. @default 300_000 */
  readonly retryCapMs?: number;
  /** Most events in memory beside a durable outbox; more wait in the outbox alone. @default 10_000 */
  readonly maxHeldEvents?: number;
  /** The same in bytes. @default 16 MiB */
  readonly maxHeldBytes?: number;
  /**
   * When there is no room: `refuse` says so at once; `block` lets the receipt wait until there is room (bounded: as many events
   * again as may be held; beyond that it refuses).
   * @default "refuse"
   */
  readonly onFull?: "refuse" | "block";
  /**
   * What to do with an event that may have been counted by a receiver that does not deduplicate: keep it for a person
   * (`quarantine`), or send it again and perhaps count it twice (`resend`).
   * @default "quarantine"
   */
  readonly ambiguity?: AmbiguityPolicy;
  /**
   * Keeps a serverless invocation alive until its events are delivered: called with one promise for each burst of
   * events. For instance `ctx.waitUntil` of an edge runtime.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** How a client was left. */
export interface Closing {
  /** Acknowledged while closing. */
  readonly acknowledged: number;
  /** Not yet delivered, safe in the durable outbox. */
  readonly persisted: number;
  /** Dropped: they were in memory only. */
  readonly lost: number;
  /** Kept in memory until now, dropped with the client: dead letters, and events that may have been counted. */
  readonly rejected: number;
  readonly quarantined: number;
  /** Never recorded, since the client was made, by code. */
  readonly refused: Readonly<Partial<Record<MeterErrorCode, number>>>;
}

/** What the delivery engine is made of. */
export interface DeliveryEngineOptions {
  readonly transport: Transport;
  readonly lookup: CustomerLookup;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly delivery: DeliveryOptions;
}
