import type { Catalog, Clock, CustomerLookup, DeliveryOptions, Transport } from "@meter-lib/core";
import type { Authenticate } from "./access/authenticate.ts";
import type { Origins } from "./access/cross-origin.ts";
import type { PolicyCheck, RelayPolicy } from "./access/policy.ts";
import type { RateLimit } from "./access/rate-limit.ts";
import type { DedupStore } from "./dedup/dedup-store.ts";
import type { RelayClient } from "./hand-off/ingest-hand-off.ts";

export type RelayOptions = RelaySettings & (ClientDestination | DirectDestination);

/** Hands events to a client. With a durable outbox they are safe as soon as it has stored them. */
export interface ClientDestination {
  readonly client: RelayClient;
  /**
   * Whether to accept an event that the client holds only in memory. Otherwise the relay waits for the receiver's acknowledgement, and
   * answers 503 if that takes too long.
   * @default false
   */
  readonly allowVolatile?: boolean;
  /**
   * Name of the outbox in the dedup store, for relays that share a store but not an outbox. If a relay dies before it settles an event,
   * no other relay takes the event over, because the outbox delivers it when it is opened again. The name must stay the same after a
   * restart.
   * @default the client's, from the path of its outbox; set it if several machines use the same path
   */
  readonly outboxName?: string;
  readonly transport?: never;
  readonly customerLookup?: never;
  readonly catalog?: never;
  readonly ambiguity?: never;
}

/** Posts events while the page waits, for runtimes without a disk. */
export interface DirectDestination {
  readonly transport: Transport;
  readonly customerLookup: CustomerLookup;
  /** @default litewaveCatalog */
  readonly catalog?: Catalog;
  /**
   * What to do with an event that may have been counted, if the receiver does not deduplicate: `quarantine` does not send it again and
   * tells the page so; `resend` sends it again, so that it may be counted twice.
   * @default "quarantine"
   */
  readonly ambiguity?: DeliveryOptions["ambiguity"];
  readonly client?: never;
  readonly allowVolatile?: never;
  readonly outboxName?: never;
}

export interface RelaySettings {
  /** Returns tenant and device of a request: `tenantTokens({ … }).authenticate`, or your own session check. */
  readonly authenticate: Authenticate;
  /** Remembers accepted events: `sqliteDedup`, `memoryDedup`, or your own. */
  readonly dedup: DedupStore;
  /** Origins whose pages may post. */
  readonly origins: Origins;
  /** Whether to accept requests without `Origin`. Browsers always send it with a POST; other programs may not. @default false */
  readonly allowMissingOrigin?: boolean;
  /** Whether pages of other origins may send cookies, for an `authenticate` that reads them. @default false */
  readonly allowCredentials?: boolean;
  /** Limits for events from browsers. @default every meter, durations up to 24 h, times up to 24 h ahead and as old as `dedup` remembers */
  readonly policy?: RelayPolicy | PolicyCheck;
  readonly limits?: RelayLimits;
  /** Rate limits for each device and each tenant; `false` for none. */
  readonly rate?: {
    /** @default 1,000 at once, 50 per second */
    readonly device?: RateLimit | false;
    /** @default 10,000 at once, 1,000 per second */
    readonly tenant?: RateLimit | false;
  };
  /** Smallest error of a page's clock that is corrected, in milliseconds. @default 60_000 */
  readonly clockThresholdMs?: number;
  /**
   * Timeout from the end of the request's body to the response, in milliseconds, including your hooks. Work in flight then continues, and
   * its events stay claimed. @default 10_000
   */
  readonly handOffTimeoutMs?: number;
  /**
   * How long a claim in the dedup store lasts after its process died, in milliseconds. A live process renews it while it works on the
   * events. @default 30_000
   */
  readonly leaseMs?: number;
  /**
   * Called with errors, including those of your hooks, and with the reasons of the client and the backend for events they did not accept.
   * Pages get only fixed texts. @default console.error
   */
  readonly onError?: (error: unknown) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

export interface RelayLimits {
  /** Largest body, in bytes. @default 65_536 */
  readonly maxBodyBytes?: number;
  /** Largest number of events in a request. @default 500 */
  readonly maxEvents?: number;
  /** Timeout for receiving a body, in milliseconds. @default 10_000 */
  readonly bodyTimeoutMs?: number;
  /** Largest number of bodies being received at once. For one more, the one that has been arriving longest is dropped. @default 1_000 */
  readonly maxBodies?: number;
  /** Largest number of requests in work at once, without bodies being received. Further requests get a 503. @default 1_000 */
  readonly maxConcurrent?: number;
}
