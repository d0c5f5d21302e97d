import type { Catalog } from "../catalog/catalog.ts";
import type { Metadata } from "../catalog/meter.ts";
import type { DeliveryOptions } from "../delivery/rules/delivery-options.ts";
import type { ContextKey } from "../event/meter-event.ts";
import type { Outbox } from "../log/outbox/outbox.ts";
import type { Clock } from "../strategies/clock.ts";
import type { CustomerLookup } from "../strategies/customer-lookup.ts";
import type { Transport } from "../strategies/transport.ts";
import type { SessionRecovery } from "./session.ts";

/** The options of a client. */
export interface MeterClientOptions<C extends Catalog, Bound extends ContextKey>
  extends MeterClientStrategies {
  /** The meters. @default litewaveCatalog */
  readonly catalog?: C;
  /** Tenant and device of events that name none. */
  readonly defaults?: { readonly [Key in Bound]: string };
}

/** The options that do not depend on the catalog. */
export interface MeterClientStrategies {
  /** Sends events to the backend: `fetchTransport`, `memoryTransport`, or your own. */
  readonly transport: Transport;
  /** Finds the customer who pays for a tenant: `httpCustomerLookup`, `staticCustomers`, or your own. */
  readonly customerLookup: CustomerLookup;
  /**
   * Keeps the events of `record()` until they are settled. Sessions are stored there too, so with a durable outbox they survive a crash.
   * @default memoryOutbox()
   */
  readonly outbox?: Outbox;
  /** How `record()` delivers. */
  readonly delivery?: DeliveryOptions;
  /** How sessions are checkpointed and recovered. */
  readonly sessions?: SessionRecovery;
  /** Timeout of one attempt, in milliseconds. @default 15_000 */
  readonly timeoutMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Returns numbers from 0 to 1, for jitter; not used for ids. @default Math.random */
  readonly random?: () => number;
  /** Removes from an event's metadata what must not be stored or sent. If it throws, the event is recorded without metadata. */
  readonly redact?: (metadata: Metadata, meter_id: string) => Metadata;
}
