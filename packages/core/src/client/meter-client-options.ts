import type { Catalog } from "../catalog/catalog.ts";
import type { Metadata } from "../catalog/meter.ts";
import type { DeliveryOptions } from "../delivery/delivery-options.ts";
import type { ContextKey } from "../event/meter-event.ts";
import type { Outbox } from "../log/outbox.ts";
import type { Clock } from "../strategies/clock.ts";
import type { CustomerLookup } from "../strategies/customer-lookup.ts";
import type { Transport } from "../strategies/transport.ts";
import type { SessionRecovery } from "./session.ts";

/** What a client is made of. */
export interface MeterClientOptions<C extends Catalog, Bound extends ContextKey>
  extends MeterClientStrategies {
  /** The meters that exist. @default litewaveCatalog */
  readonly catalog?: C;
  /** Tenant and device of events that name none. */
  readonly defaults?: { readonly [Key in Bound]: string };
}

/** What a client works with, whatever its catalog. */
export interface MeterClientStrategies {
  /** Carries events to the backend: `fetchTransport`, `memoryTransport`, or your own. */
  readonly transport: Transport;
  /** Finds the customer who pays for a tenant: `httpCustomerLookup`, `staticCustomers`, or your own. */
  readonly customerLookup: CustomerLookup;
  /**
   * Where `record()` keeps events until they are acknowledged. Sessions are then recorded too, so that they survive a
   * crash with a durable outbox.
   * @default memoryOutbox()
   */
  readonly outbox?: Outbox;
  /** How `record()` delivers. */
  readonly delivery?: DeliveryOptions;
  /** How sessions are checkpointed and recovered. */
  readonly sessions?: SessionRecovery;
  /** Longest wait for one answer, in milliseconds. @default 15_000 */
  readonly timeoutMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Numbers from 0 to 1 for jitter, not for ids. @default Math.random */
  readonly random?: () => number;
  /**
   * Takes out of an event's metadata what must not be stored or sent. When it throws, the event goes without metadata.
   */
  readonly redact?: (metadata: Metadata, meter_id: string) => Metadata;
}
