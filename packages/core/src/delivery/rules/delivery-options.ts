import type { MeterErrorCode } from "../../errors/meter-error.ts";
import type { Outbox } from "../../log/outbox/outbox.ts";
import type { Clock } from "../../strategies/clock.ts";
import type { CustomerLookup } from "../../strategies/customer-lookup.ts";
import type { Transport } from "../../strategies/transport.ts";
import type { Random } from "./retry.ts";

/** What happens to an ambiguous event if the receiver does not deduplicate. */
export type AmbiguityPolicy = "quarantine" | "resend";

/** How `record()` delivers. */
export interface DeliveryOptions {
  /** How long to wait for a batch to fill, in milliseconds. @default 1_000 */
  readonly lingerMs?: number;
  /** Maximum number of events in a batch; the transport may set a lower limit. @default 500 */
  readonly maxBatchEvents?: number;
  /** Maximum size of a batch in bytes; the transport may set a lower limit. @default 512 KiB */
  readonly maxBatchBytes?: number;
  /** Batches in flight at once, per destination. @default the transport's */
  readonly maxInFlight?: number;
  /** Maximum delay between two attempts, in milliseconds. @default 300_000 */
  readonly retryCapMs?: number;
  /** Maximum number of events in memory with a durable outbox; others stay in the outbox only. @default 10_000 */
  readonly maxHeldEvents?: number;
  /** The same in bytes. @default 16 MiB */
  readonly maxHeldBytes?: number;
  /**
   * What `record()` does when the outbox is full. `refuse` refuses the event at once. `block` lets the receipt wait for room; it refuses
   * the event when as many events wait as the outbox holds.
   * @default "refuse"
   */
  readonly onFull?: "refuse" | "block";
  /**
   * What to do with an ambiguous event if the receiver does not deduplicate: keep it for a person (`quarantine`), or send it again and risk
   * counting it twice (`resend`).
   * @default "quarantine"
   */
  readonly ambiguity?: AmbiguityPolicy;
  /**
   * Keeps a serverless invocation alive until its events are delivered. Called with one promise per burst of events. For example
   * `ctx.waitUntil` of an edge runtime.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** What a client left when it closed. */
export interface Closing {
  /** Acknowledged while closing. */
  readonly acknowledged: number;
  /** Not yet delivered; stored in the durable outbox. */
  readonly persisted: number;
  /** Lost: they were in memory only. */
  readonly lost: number;
  /** Dead letters and quarantined events that were in memory only and are dropped with the client. */
  readonly rejected: number;
  readonly quarantined: number;
  /** Never recorded, since the client was created, by error code. */
  readonly refused: Readonly<Partial<Record<MeterErrorCode, number>>>;
}

/** The parts of the delivery engine. */
export interface DeliveryEngineOptions {
  readonly transport: Transport;
  readonly lookup: CustomerLookup;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly delivery: DeliveryOptions;
}
