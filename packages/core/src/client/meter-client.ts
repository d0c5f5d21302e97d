import type { Catalog, MeterId } from "../catalog/catalog.ts";
import { type LitewaveCatalog, litewaveCatalog } from "../catalog/litewave-catalog.ts";
import type { Parking } from "../delivery/customers.ts";
import type { DeliveryEvents } from "../delivery/delivery-events.ts";
import type { Closing } from "../delivery/delivery-options.ts";
import type { DestinationStatus } from "../delivery/destination.ts";
import type { OutboxStatus } from "../delivery/outbox-status.ts";
import type { Receipt } from "../delivery/receipt.ts";
import { MeterError, type MeterErrorCode } from "../errors/meter-error.ts";
import type { EventContext } from "../event/check-event.ts";
import type {
  BoundKeys,
  ContextKey,
  EventInput,
  MeterEvent,
  PerformanceMeterId,
} from "../event/meter-event.ts";
import type { Lane, UsageEvent } from "../event/usage-event.ts";
import type { Accounts } from "../log/account.ts";
import type { SqlTransaction } from "../log/arrivals.ts";
import type { RefutationState } from "../log/outbox.ts";
import type { LedgerRange, OutboxQuery, OutboxRow, OutboxSelection } from "../log/outbox-query.ts";
import { checkClientOptions } from "./check-client-options.ts";
import { ClientCore } from "./client-core.ts";
import type { MeterClientOptions, MeterClientStrategies } from "./meter-client-options.ts";
import type { PostResult } from "./post-result.ts";
import { type ReconcileBackend, type Reconciliation, reconcile } from "./reconcile.ts";
import type { Session, SessionInput, SessionOptions } from "./session.ts";
import { type TimeOptions, timeCall } from "./time-call.ts";

export interface PostOptions {
  /** Gives up the call. An event that was already on its way may have been counted; the answer says so. */
  readonly signal?: AbortSignal | undefined;
}

export interface RecordOptions {
  /** `backfill` lets events of now go first. @default "live" */
  readonly lane?: Lane;
}

export interface TransactionOptions extends RecordOptions {
  /**
   * The caller's open transaction, in the database that the outbox is in: a client of `pg` as it is, others through an adapter of
   * `@meter-lib/outbox-postgres`.
   */
  readonly tx: SqlTransaction;
}

export interface DrainOptions {
  /** How long to go on delivering, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
}

/** The accounts, and what was never recorded. */
export interface Stats extends Accounts {
  /** Events that were not recorded since the client was made, by code. */
  readonly refused: Readonly<Partial<Record<MeterErrorCode, number>>>;
}

/** How delivery stands at the moment. */
export interface Health {
  /** Whether every destination takes events, every tenant's customer is known, and the outbox stores what is recorded. */
  readonly ok: boolean;
  readonly destinations: readonly DestinationStatus[];
  /** The customer lookup: `blocked` while it refuses its credentials. */
  readonly lookup: DestinationStatus;
  readonly outbox: OutboxStatus;
  readonly parked: readonly Parking[];
  /** How often `warning` was told since the client was made. */
  readonly warnings: number;
  /** This machine's clock minus the receiver's, in milliseconds; undefined before the first answer with a time. */
  readonly skewMs: number | undefined;
  /** By how much `skewMs` may be off, in milliseconds. */
  readonly skewUncertaintyMs: number | undefined;
}

const LIVE: RecordOptions = { lane: "live" };
const DEFAULT_DRAIN_MS = 10_000;
const EXPORT_PAGE = 500;
const FROZEN_FIELDS = new Set([
  "event_id",
  "tenant_id",
  "device_id",
  "meter_id",
  "event_time",
  "total_usage",
  "start_time",
  "end_time",
  "metadata",
  "session_id",
]);

/**
 * Tells a billing backend what customers used.
 *
 * @typeParam C - the catalog: which meters exist, and so which fields an event has
 * @typeParam Bound - which of tenant and device the client knows already
 *
 * @example Post one event and look at the answer
 * ```ts
 * const client = new MeterClient({ transport, customerLookup });
 * const result = await client.post({
 *   tenant_id: "tenant_123",
 *   device_id: "us-east-ing1",
 *   meter_id: "page.processed.basic",
 *   total_usage: 24,
 * });
 * if (!result.ok) console.error(result.error.code, result.error.message);
 * ```
 */
export class MeterClient<const C extends Catalog = LitewaveCatalog, Bound extends ContextKey = never> {
  /** For the compiler alone: a client that is not bound to a tenant is no client that is. */
  declare readonly "~bound"?: { readonly [Key in Bound]: true };
  /** For the compiler alone: a client of one catalog is no client of another. */
  declare readonly "~catalog"?: C;

  readonly #options: WideOptions;
  readonly #core: ClientCore;
  readonly #context: EventContext;

  /** @throws MeterError `invalid_options` */
  constructor(options: MeterClientOptions<C, Bound>);
  /** @internal For `with()`. */
  constructor(options: WideOptions, core: ClientCore, context: EventContext);
  constructor(options: WideOptions, core?: ClientCore, context?: EventContext) {
    if (core === undefined) checkClientOptions(options);
    this.#options = options;
    this.#context = context ?? { ...options.defaults };
    this.#core = core ?? new ClientCore(options, options.catalog ?? litewaveCatalog);
  }

  /** Names the outbox: the same after a restart, and for all that open the same one. */
  get outboxName(): string {
    return this.#core.outbox.name;
  }

  /** The same client, knowing the tenant, the device or both: its calls need not name them any more. */
  with<const Context extends EventContext>(context: Context): MeterClient<C, Bound | BoundKeys<Context>> {
    return new MeterClient<C, Bound | BoundKeys<Context>>(this.#options, this.#core, {
      ...this.#context,
      ...context,
    });
  }

  /**
   * The direct call: looks up the customer, posts one event, answers what became of it. No outbox, no retry. It never
   * throws for what happens to the event; an invalid event is an answer too.
   */
  post<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Bound, Id, N>,
    options: PostOptions = {},
  ): Promise<PostResult> {
    return this.#core.post(event, this.#context, options.signal);
  }

  /**
   * Records one event and answers at once; it is delivered in the background: batched, retried, counted once. Id, time and
   * fields are frozen here. It never throws for what happens to the event: an event that is invalid or finds no room
   * has a receipt whose promises say so.
   */
  record<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Bound, Id, N>,
    options?: RecordOptions,
  ): Receipt;
  /**
   * Records one event in the caller's transaction, with one statement of it: it is committed with all else that the transaction does, gone
   * with its rollback, and never sent before. Await it before you commit.
   *
   * The receipt's `durable` resolves once the transaction has ended: with `ok`, or, after a rollback, `refused` with the code `aborted`. Do
   * not await it inside of the transaction. A rollback to a savepoint alone is not seen. `settled` resolves when this process delivers the
   * event; where another process of the outbox does, with `persisted` when this client is closed.
   *
   * @throws MeterError what the event is refused for (`invalid_event`, `closed`), so that the transaction fails with what cannot be
   * billed; `invalid_options` when the outbox takes no transactions; `outbox_failed` when the statement fails
   */
  record<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Bound, Id, N>,
    options: TransactionOptions,
  ): Promise<Receipt>;
  record(event: unknown, options: RecordOptions | TransactionOptions = LIVE): Receipt | Promise<Receipt> {
    const lane = options.lane ?? "live";
    if (!("tx" in options)) return this.#core.record(event, this.#context, lane);
    return this.#core.recordIn(options.tx, [event], this.#context, lane).then(first);
  }

  /**
   * Records events that were built first, one after the other, as `record()` does; they have a receipt each, in the same order. A method of
   * its own, because `record()` could not say any more what is wrong with a single event.
   */
  recordAll(events: readonly MeterEvent<C, Bound>[], options?: RecordOptions): readonly Receipt[];
  /** Records events in the caller's transaction, with one statement; all of them, or none. As `record()` does with `tx`. */
  recordAll(
    events: readonly MeterEvent<C, Bound>[],
    options: TransactionOptions,
  ): Promise<readonly Receipt[]>;
  recordAll(
    events: readonly MeterEvent<C, Bound>[],
    options: RecordOptions | TransactionOptions = LIVE,
  ): readonly Receipt[] | Promise<readonly Receipt[]> {
    const lane = options.lane ?? "live";
    if ("tx" in options) return this.#core.recordIn(options.tx, events, this.#context, lane);
    return events.map((event) => this.#core.record(event, this.#context, lane));
  }

  /**
   * Records events that were frozen elsewhere (by a page, by another process), with the ids and times they have there.
   * They are checked as any others.
   */
  ingest(events: readonly UsageEvent[], options: RecordOptions = {}): readonly Receipt[] {
    return events.map((event) => this.#core.record(asInput(event), {}, options.lane ?? "live"));
  }

  /**
   * What `post()` and `record()` would refuse this event for: the catalog's rules, and what the transport cannot carry.
   * Undefined for an event that they take. Nothing is sent or stored.
   */
  check(event: unknown): MeterError | undefined {
    const accepted = this.#core.accept(event, this.#context);
    return accepted instanceof MeterError ? accepted : undefined;
  }

  /**
   * Starts a session (AI enabled, a chat opened): the start boundary goes out now, the end boundary with `end()` or at the
   * end of an `await using` block. Both carry one session id, and their event ids are fixed now.
   *
   * With an outbox both are recorded, and with a durable one the session survives a crash; without, both are posted.
   */
  startSession<const Id extends PerformanceMeterId<C>>(
    session: SessionInput<C, Bound, Id>,
    options: SessionOptions = {},
  ): Promise<Session> {
    return this.#core.sessions.start(session, this.#context, options);
  }

  /**
   * Measures one call: runs `work`, then sends its start and end times. Answers, or throws, what `work` does. What became
   * of the event is told to `options.onMetered`.
   */
  time<const Id extends PerformanceMeterId<C>, Value>(
    event: SessionInput<C, Bound, Id>,
    work: () => Value | PromiseLike<Value>,
    options: TimeOptions = {},
  ): Promise<Value> {
    return timeCall(this.#core, event, this.#context, work, options);
  }

  /** The accounts over the life of the outbox, with what this process has not stored yet, and what it refused. */
  async stats(): Promise<Stats> {
    const { engine } = this.#core;
    await engine.idle();
    return { ...(await engine.outbox.accounts()), refused: Object.fromEntries(engine.refusals) };
  }

  /** Destinations, lookup, outbox, parked tenants and clock skew at the moment. */
  health(): Health {
    const { engine } = this.#core;
    const destinations = engine.destinations();
    const { lookup, outboxStatus: outbox } = engine;
    const parked = engine.parkings();
    return {
      ok: parked.length === 0 && [...destinations, lookup, outbox].every(({ state }) => state === "open"),
      destinations,
      lookup,
      outbox,
      parked,
      warnings: engine.warnings,
      skewMs: engine.skewMs,
      skewUncertaintyMs: engine.skewUncertaintyMs,
    };
  }

  /** Calls `handler` whenever it happens; the returned function ends that. A handler that throws breaks nothing. */
  on<Name extends keyof DeliveryEvents>(
    name: Name,
    handler: (payload: DeliveryEvents[Name]) => void,
  ): () => void {
    return this.#core.engine.emitter.on(name, handler);
  }

  /** Tries everything at once that waits: for a destination to work again, for a customer to be known. */
  retryNow(): void {
    this.#core.engine.retryNow();
  }

  /**
   * Sends what waits before this call returns: for a page that is about to close. It waits for no outbox, so it sends only through a
   * transport that survives the page and whose receiver deduplicates; all else stays where it is. Open sessions are noted as on until now.
   */
  sendNow(): void {
    void this.#core.sessions.checkpoint();
    this.#core.engine.sendNow();
  }

  /** Events in the outbox, oldest first. */
  async list(query: OutboxQuery = {}): Promise<readonly OutboxRow[]> {
    await this.#core.engine.idle();
    return this.#core.engine.outbox.list(query);
  }

  /** All events in the outbox that match, page by page. */
  async *export(
    query: Omit<OutboxQuery, "after" | "limit"> = {},
  ): AsyncGenerator<OutboxRow, void, undefined> {
    let after = 0;
    for (;;) {
      const page = await this.list({ ...query, after, limit: EXPORT_PAGE });
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < EXPORT_PAGE) return;
      after = last.key;
    }
  }

  /**
   * Takes dead letters or quarantined events up again, as if never sent; answers how many. A quarantined event may have
   * been counted: sending it again may count it twice.
   */
  redrive(selection: OutboxSelection): Promise<number> {
    return this.#core.engine.redrive(selection);
  }

  /** Gives dead letters or quarantined events up for good; answers how many. */
  async discard(selection: OutboxSelection, reason: string): Promise<number> {
    await this.#core.engine.idle();
    return this.#core.engine.outbox.discard(selection, reason);
  }

  /**
   * Takes acknowledgements back: the backend has rejected the events after it took them. Each becomes a dead letter with its
   * content, which can be redriven, and counts as acknowledged no more; one in quarantine is in doubt no more. Answers what
   * became of each, in order; only `refuted` changes anything.
   *
   * @param events - ids of this client's tenant, or of another; with the content, where the outbox does not keep it
   * @param reason - in words, for people; an event's own goes before
   */
  refute(events: readonly (string | RefutedEvent)[], reason: string): Promise<readonly RefutationState[]> {
    return this.#core.engine.refute(
      events.map((given) => {
        const event = typeof given === "string" ? { event_id: given } : given;
        return {
          event_id: event.event_id,
          tenant_id: event.tenant_id ?? this.#context.tenant_id ?? "",
          reason: event.reason ?? reason,
          event: event.event,
        };
      }),
    );
  }

  /** Compares what was recorded here with what the backend counted, per tenant, meter and hour. */
  async reconcile(backend: ReconcileBackend, range: LedgerRange = {}): Promise<Reconciliation> {
    await this.#core.engine.idle();
    return reconcile(this.#core.engine.outbox, backend, range);
  }

  /**
   * Sends what waits without waiting for batches to fill. True when everything recorded before the call, and what
   * an earlier process left in a durable outbox, is settled; false when that takes longer than `timeoutMs`, or when
   * tenants without a known customer have events waiting.
   */
  flush({ timeoutMs = DEFAULT_DRAIN_MS }: DrainOptions = {}): Promise<boolean> {
    return this.#core.flush(timeoutMs);
  }

  /** Records no more, delivers what it can in `timeoutMs`, closes outbox and strategies. Every call answers the same promise. */
  close({ timeoutMs = DEFAULT_DRAIN_MS }: DrainOptions = {}): Promise<Closing> {
    return this.#core.close(timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const first = ([receipt]: readonly Receipt[]): Receipt => {
  if (receipt === undefined) throw new Error("an event that was recorded has a receipt");
  return receipt;
};

/** An event that its backend rejected late. */
export interface RefutedEvent {
  readonly event_id: string;
  /** @default the client's own */
  readonly tenant_id?: string | undefined;
  /** @default that of the call */
  readonly reason?: string | undefined;
  /** What was recorded, for when the outbox has not kept it. */
  readonly event?: UsageEvent | undefined;
}

type WideOptions = MeterClientStrategies & { readonly catalog?: Catalog; readonly defaults?: EventContext };

/** A frozen event as a caller would give it. */
const asInput = ({ type: _, ...event }: UsageEvent): object =>
  Object.fromEntries(
    Object.entries(event).filter(([field, value]) => value !== undefined && FROZEN_FIELDS.has(field)),
  );
