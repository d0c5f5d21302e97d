import {
  type Catalog,
  type Clock,
  type CustomerLookup,
  type DeliveryOptions,
  litewaveCatalog,
  MeterClient,
  type MeterError,
  type Transport,
  type UsageEvent,
} from "@meter-lib/core";
import type { EventToHandOff, HandedOff, HandOff } from "./hand-off.ts";
import {
  invalidEventReason,
  MAY_BE_COUNTED,
  NO_TIME_LEFT,
  REFUSED_BY_BACKEND,
  UNDECIDED,
} from "./page-reason.ts";

export interface DirectHandOffOptions {
  readonly transport: Transport;
  readonly customerLookup: CustomerLookup;
  readonly catalog: Catalog | undefined;
  readonly ambiguity: DeliveryOptions["ambiguity"];
  readonly clock: Clock;
}

// The most common dialect sends one event per request: fast enough, without flooding the receiver.
const MAX_AT_ONCE = 16;
const RETRY_MS = 5_000;
const CUSTOMER_RETRY_MS = 60_000;
const PERMANENT = new Set([400, 413, 422]);

const NOT_TRIED: HandedOff = { state: "refused", reason: NO_TIME_LEFT, retryAfterMs: RETRY_MS };

/**
 * Posts events one by one, without an outbox: an event is safe once the receiver has acknowledged it. After the deadline no more posts
 * are started; those in flight continue, because their events may be counted.
 */
export const directHandOff = ({
  transport,
  customerLookup,
  catalog = litewaveCatalog,
  ambiguity = "quarantine",
  clock,
}: DirectHandOffOptions): HandOff => {
  const client = new MeterClient<Catalog>({ transport, customerLookup, catalog, clock });

  const post = async ({ event, lapsed }: EventToHandOff): Promise<HandedOff> => {
    const mayRepeat = ambiguity === "resend" || Boolean(carrierOf(transport, event).receiver?.dedup);
    if (lapsed && !mayRepeat)
      return {
        state: "quarantined",
        reason: MAY_BE_COUNTED,
        error: new Error(`${event.event_id}: ${MAY_BE_COUNTED}`),
      };
    const result = await client.post(withoutType(event));
    return result.ok ? { state: "taken", repeat: result.duplicate } : failed(result.error, mayRepeat);
  };

  return async (events, deadline) => {
    const outcomes: HandedOff[] = events.map(() => NOT_TRIED);
    const queue = events.entries();
    const worker = async (): Promise<void> => {
      for (const [index, event] of queue) {
        if (deadline.isOver) return;
        const later = post(event).catch(
          (error): HandedOff => ({ state: "unsure", reason: UNDECIDED, error }),
        );
        outcomes[index] = { state: "unsure", reason: UNDECIDED, later };
        outcomes[index] = await later;
      }
    };
    const workers = Array.from({ length: Math.min(MAX_AT_ONCE, events.length) }, worker);
    await deadline.within(Promise.all(workers));
    return [...outcomes];
  };
};

const carrierOf = (transport: Transport, event: UsageEvent): Transport =>
  transport.route === undefined ? transport : carrierOf(transport.route(event), event);

const withoutType = ({ type: _, ...event }: UsageEvent) => event;

const failed = (error: MeterError, mayRepeat: boolean): HandedOff => {
  if (error.ambiguous) {
    return mayRepeat
      ? { state: "unsure", reason: UNDECIDED, error }
      : { state: "quarantined", reason: MAY_BE_COUNTED, error };
  }
  if (error.code === "invalid_event") return { state: "rejected", reason: invalidEventReason(error), error };
  if (error.code === "refused" && isPermanent(error.status))
    return { state: "rejected", reason: REFUSED_BY_BACKEND, error };
  const retryAfterMs = error.code === "customer_not_found" ? CUSTOMER_RETRY_MS : RETRY_MS;
  return { state: "refused", reason: error.code, retryAfterMs, error };
};

/** Whether the receiver rejected this event itself: by a status about its content, or within a successful response. */
const isPermanent = (status: number | undefined): boolean =>
  status !== undefined && (status < 300 || PERMANENT.has(status));
