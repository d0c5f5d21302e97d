import type { Catalog } from "../catalog/catalog.ts";
import type { EventIssue } from "../check/event-issue.ts";
import { leafTransport } from "../compose/leaf-transport.ts";
import { lookUp } from "../delivery/customers/ask-lookup.ts";
import { DeliveryEngine } from "../delivery/delivery-engine.ts";
import type { Receipt } from "../delivery/receipts/receipt.ts";
import type { Closing } from "../delivery/rules/delivery-options.ts";
import { Attempt } from "../delivery/sending/attempt.ts";
import { MeterError } from "../errors/meter-error.ts";
import { createEventCheck, type EventCheck, type EventContext } from "../event/check-event.ts";
import type { CheckedEvent } from "../event/checked-event.ts";
import { type Lane, outgoing, type UsageEvent } from "../event/usage-event.ts";
import { memoryOutbox } from "../log/memory-outbox.ts";
import type { Outbox } from "../log/outbox/outbox.ts";
import type { SessionAnswer, SessionChange } from "../log/outbox/outbox-session.ts";
import type { SqlTransaction } from "../log/store/store.ts";
import type { SessionRow } from "../log/store/tables.ts";
import { type Clock, systemClock } from "../strategies/clock.ts";
import type { CustomerLookup } from "../strategies/customer-lookup.ts";
import type { Transport } from "../strategies/transport.ts";
import { checkMeters } from "./check-meters.ts";
import type { MeterClientStrategies } from "./meter-client-options.ts";
import { lookupError, type PostResult, postResult } from "./post-result.ts";
import type { SendResult } from "./send-result.ts";
import type { SessionHost } from "./session-host.ts";
import { SessionRegistry } from "./session-registry.ts";

// Longer than the 10 to 11 s that Node's fetch allows for connecting, so a connection that was never made leaves nothing ambiguous.
const DEFAULT_TIMEOUT_MS = 15_000;
const DISPOSE_MS = 1_000;

/** What a client shares with the clients made from it by `with()`. Does not depend on the types of a catalog. */
export class ClientCore implements SessionHost {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly engine: DeliveryEngine;
  readonly sessions: SessionRegistry;
  readonly hasOutbox: boolean;

  readonly #check: EventCheck;
  readonly #transport: Transport;
  readonly #lookup: CustomerLookup;
  readonly #timeoutMs: number;
  #closing: Promise<Closing> | undefined;

  constructor(options: MeterClientStrategies, catalog: Catalog) {
    checkMeters(catalog, options.transport);
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
    this.sessions = new SessionRegistry(this, options.sessions ?? {});
  }

  get durable(): boolean {
    return this.engine.durable;
  }

  changeSession(change: SessionChange): Promise<SessionAnswer> {
    return this.engine.session(change);
  }

  async claimSessions(): Promise<readonly SessionRow[]> {
    await this.engine.idle();
    return this.engine.outbox.claimSessions();
  }

  /** The transport that carries an event in the end; undefined where its route leads nowhere. */
  carrierOf(event: UsageEvent): Transport | undefined {
    const leaf = leafTransport(this.#transport, event);
    return leaf.fault === undefined ? leaf.transport : undefined;
  }

  /** How long an attempt may take, in milliseconds. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  accept(input: unknown, context: EventContext): CheckedEvent | MeterError {
    const checked = this.#check(input, context);
    if (checked instanceof MeterError) return checked;
    const leaf = leafTransport(this.#transport, checked.event);
    // A route that throws affects only its own events, later: they wait.
    if (leaf.fault !== undefined) return checked;
    const issue = this.#travelIssue(checked.event, leaf.transport);
    return issue === undefined ? checked : MeterError.fromIssues("invalid_event", [issue]);
  }

  async post(input: unknown, context: EventContext, signal: AbortSignal | undefined): Promise<PostResult> {
    const checked = this.accept(input, context);
    if (checked instanceof MeterError) return { ok: false, event_id: undefined, error: checked };
    const { event_id, tenant_id } = checked.event;
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
    const { fault } = leafTransport(this.#transport, checked.event);
    if (fault !== undefined) return postResult(event_id, { fault }, signal);
    const batch = { events: [outgoing(checked.event, customer.customer_id, undefined, undefined)] };
    const attempt = new Attempt(this.#transport, options);
    const abort = () => attempt.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const answer = await attempt.make(batch);
    signal?.removeEventListener("abort", abort);
    return postResult(event_id, answer, signal);
  }

  record(input: unknown, context: EventContext, lane: Lane): Receipt {
    return this.#admit(input, this.accept(input, context), lane);
  }

  /** Records all or none: the caller's transaction must fail if part of it cannot be billed. */
  async recordIn(
    tx: SqlTransaction,
    inputs: readonly unknown[],
    context: EventContext,
    lane: Lane,
  ): Promise<readonly Receipt[]> {
    const checked = inputs.map((input) => {
      const accepted = this.accept(input, context);
      if (!(accepted instanceof MeterError)) return accepted;
      this.engine.refuseInput(input, accepted);
      throw accepted;
    });
    return this.engine.recordIn(tx, checked, lane);
  }

  async send(input: unknown, context: EventContext, isFirst = false): Promise<SendResult> {
    if (!this.hasOutbox) return this.post(input, context, undefined);
    const checked = this.accept(input, context);
    const isNew = isFirst && !(checked instanceof MeterError);
    const receipt = this.#admit(input, isNew ? { ...checked, idGiven: false } : checked, "live");
    const durable = await receipt.durable;
    const { event_id } = receipt;
    return durable.ok || durable.reason === "volatile"
      ? { ok: true, event_id }
      : { ok: false, event_id, error: durable.error };
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const from = this.clock.now();
    // Sessions that dead processes left open are part of what they left.
    await this.#inTime(timeoutMs, this.sessions.recover());
    return this.engine.flush(Math.max(0, timeoutMs - Math.max(0, this.clock.now() - from)));
  }

  close(timeoutMs: number): Promise<Closing> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<Closing> {
    // Sessions first: they record their ends. Closing ends even if something hangs.
    await this.#inTime(timeoutMs, this.sessions.close());
    const closing = await this.engine.close(timeoutMs);
    // `await using` and signals drop what `close()` returns.
    if (closing.lost > 0) {
      const events = closing.lost === 1 ? "1 event" : `${closing.lost} events`;
      this.engine.reports.warn(`closing lost ${events}, in memory only: a durable outbox keeps them`);
    }
    for (const strategy of [this.#transport, this.#lookup]) {
      await this.#inTime(
        DISPOSE_MS,
        (async () => strategy[Symbol.asyncDispose]?.())().catch((error) => {
          const message = error instanceof Error ? error.message : String(error);
          this.engine.reports.warn(`a strategy did not close: ${message}`);
        }),
      );
    }
    return closing;
  }

  async #inTime(timeoutMs: number, work: PromiseLike<unknown>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const cancel = this.clock.schedule(timeoutMs, late.resolve, { holdProcess: true });
    await Promise.race([work, late.promise]);
    cancel();
  }

  #admit(input: unknown, checked: CheckedEvent | MeterError, lane: Lane): Receipt {
    return checked instanceof MeterError
      ? this.engine.refuseInput(input, checked)
      : this.engine.record(checked, lane);
  }

  /** What the transport cannot carry. If the check throws, the transport is at fault, not the event. */
  #travelIssue(event: UsageEvent, transport: Transport): EventIssue | undefined {
    try {
      return transport.check?.event?.(event) ?? this.#ageIssue(event, transport);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.engine.reports.warn(`check.event() of ${transport.name} threw: ${message}`);
      return undefined;
    }
  }

  #ageIssue({ event_time }: UsageEvent, { receiver }: Transport): EventIssue | undefined {
    const maxEventAgeMs = receiver?.maxEventAgeMs;
    if (maxEventAgeMs === undefined || this.clock.now() - event_time <= maxEventAgeMs) return undefined;
    return {
      field: "event_time",
      given: `${event_time} (${new Date(event_time).toISOString()})`,
      expected: `a time within the last ${maxEventAgeMs} ms, because the backend accepts no older events`,
    };
  }
}
