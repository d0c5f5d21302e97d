import type { Catalog, Clock, CustomerLookup, DeliveryOptions, Transport } from "@meter-lib/core";
import type { Authenticate } from "./authenticate.ts";
import type { Origins } from "./cross-origin.ts";
import type { DedupStore } from "./dedup-store.ts";
import type { RelayClient } from "./ingest-hand-off.ts";
import type { PolicyCheck, RelayPolicy } from "./policy.ts";
import type { RateLimit } from "./rate-limit.ts";

export type RelayOptions = RelaySettings & (ClientDestination | DirectDestination);

/** Events go to a client, best one with a durable outbox: they are safe as soon as it has them. */
export interface ClientDestination {
  readonly client: RelayClient;
  /**
   * Whether an event counts as taken when the client has it in memory only. Otherwise the relay waits for the receiver's
   * acknowledgement, and answers 503 when that takes too long.
   * @default false
   */
  readonly allowVolatile?: boolean;
  /**
   * Names the outbox in the dedup store, for relays that share a store and have an outbox each: what one of them took and did
   * not settle, because its process ended, no other takes over, for its outbox delivers it when it is opened again. The name
   * must outlive restarts. @default the client's, by the path of its outbox; give one where paths are alike on several machines
   */
  readonly outboxName?: string;
  readonly transport?: never;
  readonly customerLookup?: never;
  readonly catalog?: never;
  readonly ambiguity?: never;
}

/** Events are posted while the page waits: for runtimes without a disk. */
export interface DirectDestination {
  readonly transport: Transport;
  readonly customerLookup: CustomerLookup;
  /** @default litewaveCatalog */
  readonly catalog?: Catalog;
  /**
   * What becomes of an event that may have been counted by a receiver that does not drop repeats: the page is told that it is
   * not sent again (`quarantine`), or it is sent again and perhaps counted twice (`resend`).
   * @default "quarantine"
   */
  readonly ambiguity?: DeliveryOptions["ambiguity"];
  readonly client?: never;
  readonly allowVolatile?: never;
  readonly outboxName?: never;
}

export interface RelaySettings {
  /** Finds out tenant and device. `tenantTokens({ … }).authenticate`, or your own session check. */
  readonly authenticate: Authenticate;
  /** Remembers what was taken: `sqliteDedup`, `memoryDedup`, or your own. */
  readonly dedup: DedupStore;
  /** Origins whose pages may post. */
  readonly origins: Origins;
  /** Whether a request without `Origin` is taken: browsers always send it with a POST, other programs need not. @default false */
  readonly allowMissingOrigin?: boolean;
  /** Whether pages of other origins may send cookies along, for an `authenticate` that reads them. @default false */
  readonly allowCredentials?: boolean;
  /** What may come from browsers. @default every meter, durations of 24 hours, times at most 24 hours ahead and as old as `dedup` remembers */
  readonly policy?: RelayPolicy | PolicyCheck;
  readonly limits?: RelayLimits;
  /** How many events may come, for each device and for each tenant; `false`: any number. */
  readonly rate?: {
    /** @default 1,000 at once, 50 per second */
    readonly device?: RateLimit | false;
    /** @default 10,000 at once, 1,000 per second */
    readonly tenant?: RateLimit | false;
  };
  /** From how many milliseconds on a page's clock is corrected. @default 60_000 */
  readonly clockThresholdMs?: number;
  /**
   * Longest time from a request's whole body to its answer, in milliseconds: for all of its events together, and for the hooks
   * that are asked. What is under way then goes on, and stays claimed. @default 10_000
   */
  readonly handOffTimeoutMs?: number;
  /**
   * How long a claim in the dedup store holds when its process has died, in milliseconds. A live one renews it for as long as it
   * works on the events. @default 30_000
   */
  readonly leaseMs?: number;
  /**
   * Told what went wrong, also in the hooks above, and what the client and the backend said of events that they did not take; pages
   * are told in fixed words. @default console.error
   */
  readonly onError?: (error: unknown) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

export interface RelayLimits {
  /** Largest body, in bytes. @default 65_536 */
  readonly maxBodyBytes?: number;
  /** Most events in one request. @default 500 */
  readonly maxEvents?: number;
  /** Longest wait for a body, in milliseconds. @default 10_000 */
  readonly bodyTimeoutMs?: number;
  /** Most bodies on their way in at once; for one more, that which has taken longest is given up. @default 1_000 */
  readonly maxBodies?: number;
  /** Most requests at work at once, bodies on their way in not counted; more are turned away. @default 1_000 */
  readonly maxConcurrent?: number;
}
