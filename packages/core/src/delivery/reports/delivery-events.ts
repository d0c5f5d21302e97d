import { describeValue } from "../../check/event-issue.ts";
import { MeterError } from "../../errors/meter-error.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import type { Parking } from "../customers/customers.ts";
import type { Settlement } from "../receipts/receipt.ts";
import type { DestinationStatus } from "../rules/destination-status.ts";

/** What a client reports while it works; see `client.on()`. */
export interface DeliveryEvents {
  acknowledged: { readonly event: UsageEvent; readonly outcome: Settlement };
  /** The receiver refused the event permanently; it is now a dead letter. */
  rejected: { readonly event: UsageEvent; readonly reason: string; readonly status: number | undefined };
  /** The event may have been counted, and sending it again may count it twice. */
  quarantined: { readonly event: UsageEvent; readonly reason: string; readonly status: number | undefined };
  /** The event was not recorded. `input` is what the caller passed. */
  refused: { readonly input: unknown; readonly error: MeterError };
  /** A destination failed and is tried again. */
  retrying: DestinationStatus;
  /** A destination does not work until somebody acts. Its events wait. */
  blocked: DestinationStatus;
  unblocked: DestinationStatus;
  /** A tenant's customer is not known. Its events wait. */
  parked: Parking;
  unparked: { readonly tenant_id: string };
  /** The outbox stopped (`volatile`) or resumed (`durable`) storing events; in between, they are kept in memory only. */
  volatile: { readonly error: unknown };
  durable: { readonly outbox: string };
  /** Something that a person should look at, such as a corrupt file that was set aside. */
  warning: { readonly message: string };
  /** This machine's clock differs from the receiver's by more than a minute. */
  skew: { readonly skewMs: number };
}

type Handler<Payload> = (payload: Payload) => void;
type Handlers = { [Name in keyof DeliveryEvents]: Set<Handler<DeliveryEvents[Name]>> };

/** Calls handlers. A handler that throws, or whose promise rejects, does not affect delivery. */
export class DeliveryEmitter {
  readonly #failed: (name: keyof DeliveryEvents, error: unknown) => void;
  readonly #handlers: Handlers = {
    acknowledged: new Set(),
    rejected: new Set(),
    quarantined: new Set(),
    refused: new Set(),
    retrying: new Set(),
    blocked: new Set(),
    unblocked: new Set(),
    parked: new Set(),
    unparked: new Set(),
    volatile: new Set(),
    durable: new Set(),
    warning: new Set(),
    skew: new Set(),
  };

  /** @param failed - called when a handler throws */
  constructor(failed: (name: keyof DeliveryEvents, error: unknown) => void) {
    this.#failed = failed;
  }

  /** @throws MeterError `invalid_options` for a name that does not exist, or a handler that is no function */
  on<Name extends keyof DeliveryEvents>(name: Name, handler: Handler<DeliveryEvents[Name]>): () => void {
    const names = Object.keys(this.#handlers);
    const issues = [];
    if (!names.includes(name))
      issues.push({ field: "name", given: describeValue(name), expected: `one of ${names.join(", ")}` });
    if (typeof handler !== "function")
      issues.push({ field: "handler", given: describeValue(handler), expected: "a function" });
    if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
    const handlers = this.#handlers[name];
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  has(name: keyof DeliveryEvents): boolean {
    return this.#handlers[name].size > 0;
  }

  emit<Name extends keyof DeliveryEvents>(name: Name, payload: DeliveryEvents[Name]): void {
    for (const handler of this.#handlers[name]) {
      try {
        const answer: unknown = handler(payload);
        if (answer instanceof Promise) answer.catch((error) => this.#failed(name, error));
      } catch (error) {
        this.#failed(name, error);
      }
    }
  }
}
