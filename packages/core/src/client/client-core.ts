import type { Catalog } from "../catalog/catalog.ts";
import { leafTransport } from "../compose/leaf-transport.ts";
import { Attempt } from "../delivery/attempt.ts";
import { DeliveryEngine } from "../delivery/delivery-engine.ts";
import type { Closing } from "../delivery/delivery-options.ts";
import { lookUp } from "../delivery/look-up.ts";
import type { Receipt } from "../delivery/receipt.ts";
import type { Store } from "../delivery/store.ts";
import { MeterError } from "../errors/meter-error.ts";
import { createEventCheck, type EventCheck, type EventContext } from "../event/check-event.ts";
import type { EventIssue } from "../event/event-issue.ts";
import { EventRecord, type Lane } from "../event/event-record.ts";
import { memoryOutbox } from "../memory/memory-outbox.ts";
import { type Clock, systemClock } from "../strategies/clock.ts";
import type { CustomerLookup } from "../strategies/customer-lookup.ts";
import type { Outbox } from "../strategies/outbox.ts";
import type { Transport } from "../strategies/transport.ts";
import type { MeterClientStrategies } from "./meter-client-options.ts";
import { lookupError, type PostResult, postResult } from "./post-result.ts";
import type { SendResult } from "./send-result.ts";
import type { SessionHost } from "./session-host.ts";
import { SessionKeeper } from "./session-keeper.ts";

// More than the 10 to 11 s that Node's fetch gives a connection: one that was never made leaves nothing unsure.
const DEFAULT_TIMEOUT_MS = 15_000;

/** What a client and all that were made from it by `with()` share. Knows nothing of the types of a catalog. */
export class ClientCore implements SessionHost {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly engine: DeliveryEngine;
  readonly sessions: SessionKeeper;
  readonly hasOutbox: boolean;

  readonly #check: EventCheck;
  readonly #transport: Transport;
  readonly #lookup: CustomerLookup;
  readonly #timeoutMs: number;
  #closing: Promise<Closing> | undefined;

  constructor(options: MeterClientStrategies, catalog: Catalog) {
    this.clock = options.clock ?? systemClock;
    this.outbox = options.outbox ?? memoryOutbox();
    this.hasOutbox = options.outbox !== undefined;
    this.#check = createEventCheck(catalog, this.clock, options.redact);
    this.#transport = options.transport;
    this.#lookup = options.customerLookup;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.engine = new DeliveryEngine({
      transport: this.#transport,
      lookup: this.#lookup,
      outbox: this.outbox,
      clock: this.clock,
      random: options.random ?? Math.random,
      timeoutMs: this.#timeoutMs,
      delivery: options.delivery ?? {},
    });
    this.sessions = new SessionKeeper(this, options.sessions ?? {});
  }

  get store(): Store {
    return this.engine.store;
  }

  accept(input: unknown, context: EventContext): EventRecord | MeterError {
    const event = this.#check(input, context);
    if (event instanceof MeterError) return event;
    const transport = leafTransport(this.#transport, event);
    const issue = transport.check?.(event) ?? this.#ageIssue(event, transport);
    return issue === undefined ? event : MeterError.fromIssues("invalid_event", [issue]);
  }

  async post(input: unknown, context: EventContext, signal: AbortSignal | undefined): Promise<PostResult> {
    const event = this.accept(input, context);
    if (event instanceof MeterError) return { ok: false, event_id: undefined, error: event };
    const { event_id, tenant_id } = event;
    if (this.#closing !== undefined)
      return {
        ok: false,
        event_id,
        error: new MeterError("closed", "the client is closed; nothing was sent"),
      };
    const options = { clock: this.clock, timeoutMs: this.#timeoutMs };
    const customer = await lookUp(this.#lookup, tenant_id, { ...options, signal });
    if (signal?.aborted) {
      return {
        ok: false,
        event_id,
        error: new MeterError("aborted", "the call was aborted before anything was sent"),
      };
    }
    if (customer.state !== "found") return { ok: false, event_id, error: lookupError(tenant_id, customer) };
    event.customer_id = customer.customer_id;
    const attempt = new Attempt(this.#transport, [event], options);
    const abort = () => attempt.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const answer = await attempt.make();
    signal?.removeEventListener("abort", abort);
    return postResult(event_id, answer, signal);
  }

  record(input: unknown, context: EventContext, lane: Lane): Receipt {
    return this.#admit(input, this.accept(input, context), lane);
  }

  async send(input: unknown, context: EventContext, isFirst = false): Promise<SendResult> {
    if (!this.hasOutbox) return this.post(input, context, undefined);
    const event = this.accept(input, context);
    if (isFirst && event instanceof EventRecord) event.mayBeRepeat = false;
    const receipt = this.#admit(input, event, "live");
    const durable = await receipt.durable;
    const { event_id } = receipt;
    return durable.ok || durable.reason === "volatile"
      ? { ok: true, event_id }
      : { ok: false, event_id, error: durable.error };
  }

  close(timeoutMs: number): Promise<Closing> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<Closing> {
    await this.sessions.close();
    const closing = await this.engine.close(timeoutMs);
    await this.#transport[Symbol.asyncDispose]?.();
    await this.#lookup[Symbol.asyncDispose]?.();
    return closing;
  }

  #admit(input: unknown, event: EventRecord | MeterError, lane: Lane): Receipt {
    return event instanceof MeterError
      ? this.engine.refuseInput(input, event)
      : this.engine.record(event, lane);
  }

  #ageIssue({ event_time }: EventRecord, { maxEventAgeMs }: Transport): EventIssue | undefined {
    if (maxEventAgeMs === undefined || this.clock.now() - event_time <= maxEventAgeMs) return undefined;
    return {
      field: "event_time",
      given: `${event_time} (${new Date(event_time).toISOString()})`,
      expected: `a time within the last ${maxEventAgeMs} ms: the backend takes no older events`,
    };
  }
}
