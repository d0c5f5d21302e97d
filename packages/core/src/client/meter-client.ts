import type { Catalog, MeterId } from "../catalog/catalog.ts";
import { type LitewaveCatalog, litewaveCatalog } from "../catalog/litewave-catalog.ts";
import type { Parking } from "../delivery/customers/customers.ts";
import type { Receipt } from "../delivery/receipts/receipt.ts";
import type { DeliveryEvents } from "../delivery/reports/delivery-events.ts";
import type { OutboxStatus } from "../delivery/reports/outbox-status.ts";
import type { Closing } from "../delivery/rules/delivery-options.ts";
import type { DestinationStatus } from "../delivery/rules/destination-status.ts";
import { MeterError, type MeterErrorCode } from "../errors/meter-error.ts";
import type { EventContext } from "../event/check-event.ts";
import type {
  AmendedFields,
  BoundKeys,
  ContextKey,
  EventInput,
  MeterEvent,
  PerformanceMeterId,
} from "../event/meter-event.ts";
import { eventInput, type Lane, type UsageEvent } from "../event/usage-event.ts";
import type { RefutationState } from "../log/outbox/outbox.ts";
import type {
  LedgerRange,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
} from "../log/outbox/outbox-query.ts";
import type { SqlTransaction } from "../log/store/store.ts";
import type { Accounts } from "../log/sums/account.ts";
import { checkCallOptions } from "./check-call-options.ts";
import { checkClientOptions } from "./check-client-options.ts";
import { ClientCore } from "./client-core.ts";
import { type CorrectedEvent, type CorrectionResult, correctEvent } from "./correct-event.ts";
import { freezeLedger } from "./freeze-ledger.ts";
import type { MeterClientOptions, MeterClientStrategies } from "./meter-client-options.ts";
import type { PostResult } from "./post-result.ts";
import { type ReconcileBackend, type Reconciliation, reconcile } from "./reconcile.ts";
import type { Session, SessionInput, SessionOptions } from "./session.ts";
import { type TimeOptions, timeCall } from "./time-call.ts";

export interface PostOptions {
  /** Aborts the call. An event already in flight may have been counted; the result then says so (`ambiguous`). */
  readonly signal?: AbortSignal | undefined;
}

export interface RecordOptions {
  /** `backfill` gives way to live events. @default "live" */
  readonly lane?: Lane;
}

export interface TransactionOptions extends RecordOptions {
  /**
   * The caller's open transaction, in the database of the outbox: a client of `pg`, or another client through an adapter of
   * `@meter-lib/outbox-postgres`.
   */
  readonly tx: SqlTransaction;
}

export interface DrainOptions {
  /** How long to keep delivering, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
}

/** The accounts, and the events that were never recorded. */
export interface Stats extends Accounts {
  /** Events refused since the client was created, by error code. */
  readonly refused: Readonly<Partial<Record<MeterErrorCode, number>>>;
}

/** The state of delivery. */
export interface Health {
  /** True if every destination takes events, every tenant's customer is known, and the outbox stores events. */
  readonly ok: boolean;
  readonly destinations: readonly DestinationStatus[];
  /** The customer lookup; `blocked` while its credentials are refused. */
  readonly lookup: DestinationStatus;
  readonly outbox: OutboxStatus;
  readonly parked: readonly Parking[];
  /** `warning` events since the client was created. */
  readonly warnings: number;
  /** This machine's clock minus the backend's, in milliseconds; undefined until a response has told the backend's time. */
  readonly skewMs: number | undefined;
  /** How much `skewMs` may be off, in milliseconds. */
  readonly skewUncertaintyMs: number | undefined;
}

const LIVE: RecordOptions = { lane: "live" };
const DEFAULT_DRAIN_MS = 10_000;
const EXPORT_PAGE = 500;

/**
 * Reports usage to a billing backend.
 *
 * @typeParam C - the catalog: which meters exist, and therefore which fields an event has
 * @typeParam Bound - whether the client is already bound to a tenant, a device or both
 *
 * @example Post one event and check the result
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
 *
 * @example Record events and deliver them in the background
 * ```ts
 * const client = new MeterClient({ transport, customerLookup, outbox: sqliteOutbox({ path: "/var/lib/meter/usage.db" }) });
 * client.record({ tenant_id: "tenant_123", device_id: "us-east-ing1", meter_id: "page.processed.basic", total_usage: 24 });
 * await client.close();
 * ```
 */
export class MeterClient<const C extends Catalog = LitewaveCatalog, Bound extends ContextKey = never> {
  /** Type-level only: a client that is not bound to a tenant is not assignable to one that is. */
  declare readonly "~bound"?: { readonly [Key in Bound]: true };
  /** Type-level only: a client of one catalog is not assignable to a client of another. */
  declare readonly "~catalog"?: C;

  readonly #options: WideOptions;
  readonly #core: ClientCore;
  readonly #context: EventContext;

  /** @throws MeterError `invalid_options` */
  constructor(options: MeterClientOptions<C, Bound>);
  /** @internal Used by `with()`. */
  constructor(options: WideOptions, core: ClientCore, context: EventContext);
  constructor(options: WideOptions, core?: ClientCore, context?: EventContext) {
    if (core === undefined) checkClientOptions(options);
    this.#options = options;
    this.#context = context ?? { ...options.defaults };
    this.#core = core ?? new ClientCore(options, options.catalog ?? litewaveCatalog);
  }

  /** Identifies the outbox: the same after a restart, and for all clients that open the same outbox. */
  get outboxName(): string {
    return this.#core.outbox.name;
  }

  /** Returns this client bound to a tenant, a device or both; its calls may then leave them out. */
  with<const Context extends EventContext>(context: Context): MeterClient<C, Bound | BoundKeys<Context>> {
    checkCallOptions("context", context);
    return new MeterClient<C, Bound | BoundKeys<Context>>(this.#options, this.#core, {
      ...this.#context,
      ...context,
    });
  }

  /**
   * Posts one event directly: looks up the customer, sends the event once, and returns the result. No outbox, no retry. Does not throw for
   * what happens to the event; for an invalid event, `error.code` is `invalid_event`.
   */
  async post<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Bound, Id, N>,
    options: PostOptions = {},
  ): Promise<PostResult> {
    checkCallOptions("post", options);
    return this.#core.post(event, this.#context, options.signal);
  }

  /**
   * Records one event and returns its receipt at once. The event is delivered in the background: batched, retried, counted once. Its id,
   * time and fields are frozen here. Does not throw for what happens to the event: if the event is invalid or the outbox is full, the
   * promises of the receipt say so.
   */
  record<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Bound, Id, N>,
    options?: RecordOptions,
  ): Receipt;
  /**
   * Records one event in the caller's transaction, with one statement. The event is committed or rolled back with the transaction, and
   * never sent before the commit. Await this call before you commit.
   *
   * `durable` of the receipt resolves when the transaction has ended: with `ok`, or after a rollback with `refused` and the code `aborted`.
   * Do not await it inside the transaction. A rollback to a savepoint alone is not detected. `settled` resolves when this process delivers
   * the event; if another process of the outbox delivers it, `settled` resolves with `persisted` when this client closes.
   *
   * @throws MeterError why the event is refused (`invalid_event`, `closed`), so that the transaction fails if the event cannot be billed;
   * `invalid_options` if the outbox does not support transactions; `outbox_failed` if the statement fails
   */
  record<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Bound, Id, N>,
    options: TransactionOptions,
  ): Promise<Receipt>;
  record(event: unknown, options: RecordOptions | TransactionOptions = LIVE): Receipt | Promise<Receipt> {
    if (options !== LIVE) checkCallOptions("record", options);
    const lane = options.lane ?? "live";
    if (!("tx" in options)) return this.#core.record(event, this.#context, lane);
    return this.#core.recordIn(options.tx, [event], this.#context, lane).then(first);
  }

  /**
   * Records events one after the other, like `record()`. Returns a receipt for each, in the same order. A separate method, because an
   * overload of `record()` would blur the compiler's message about a single event.
   */
  recordAll(events: readonly MeterEvent<C, Bound>[], options?: RecordOptions): readonly Receipt[];
  /** Records events in the caller's transaction, with one statement: all of them or none. See `record()` with `tx`. */
  recordAll(
    events: readonly MeterEvent<C, Bound>[],
    options: TransactionOptions,
  ): Promise<readonly Receipt[]>;
  recordAll(
    events: readonly MeterEvent<C, Bound>[],
    options: RecordOptions | TransactionOptions = LIVE,
  ): readonly Receipt[] | Promise<readonly Receipt[]> {
    checkCallOptions("record", options);
    const lane = options.lane ?? "live";
    if ("tx" in options) return this.#core.recordIn(options.tx, events, this.#context, lane);
    return events.map((event) => this.#core.record(event, this.#context, lane));
  }

  /**
   * Records events that were frozen elsewhere (by a page, by another process), with their ids and times. They are checked like any others.
   */
  ingest(events: readonly UsageEvent[], options: RecordOptions = LIVE): readonly Receipt[] {
    checkCallOptions("record", options);
    // A correction is refused as it is: only `cancel()` and `amend()` make one.
    return events.map((event) =>
      this.#core.record(
        event.correction === undefined ? eventInput(event) : event,
        {},
        options.lane ?? "live",
      ),
    );
  }

  /**
   * Checks an event against the catalog and the transport, without recording or sending it. Returns the error with which `post()` and
   * `record()` would refuse the event, or undefined if they would accept it.
   */
  check(event: unknown): MeterError | undefined {
    const accepted = this.#core.accept(event, this.#context);
    return accepted instanceof MeterError ? accepted : undefined;
  }

  /**
   * Starts a session (an AI feature enabled, a chat opened): sends the start boundary now, and the end boundary on `end()` or at the end of
   * an `await using` block. Both carry one session id; both event ids are fixed now.
   *
   * With an outbox, both are recorded, and a durable outbox lets the session survive a crash. Without one, both are posted.
   *
   * @example
   * ```ts
   * await using session = await client.startSession({ tenant_id: "tenant_123", device_id: "eu-1", meter_id: "chat.on.time_hours" });
   * ```
   */
  async startSession<const Id extends PerformanceMeterId<C>>(
    session: SessionInput<C, Bound, Id>,
    options: SessionOptions = {},
  ): Promise<Session> {
    checkCallOptions("session", options);
    return this.#core.sessions.start(session, this.#context, options);
  }

  /**
   * Measures one call: runs `work`, then sends its start and end times. Returns or throws what `work` does. `options.onMetered` receives
   * the result of the event.
   *
   * @example
   * ```ts
   * const answer = await client.time({ tenant_id: "tenant_123", device_id: "eu-1", meter_id: "chat.query.time_secs" }, () => ask(question));
   * ```
   */
  time<const Id extends PerformanceMeterId<C>, Value>(
    event: SessionInput<C, Bound, Id>,
    work: () => Value | PromiseLike<Value>,
    options: TimeOptions = {},
  ): Promise<Value> {
    return timeCall(this.#core, event, this.#context, work, options);
  }

  /** Returns the accounts over the life of the outbox, including what this process has not stored yet, and what it refused. */
  async stats(): Promise<Stats> {
    const { engine } = this.#core;
    await engine.idle();
    return { ...(await engine.outbox.accounts()), refused: Object.fromEntries(engine.reports.refusals) };
  }

  /** Returns the current state of destinations, lookup, outbox, parked tenants and clock skew. */
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
      warnings: engine.reports.warnings,
      skewMs: engine.skewMs,
      skewUncertaintyMs: engine.skewUncertaintyMs,
    };
  }

  /**
   * Registers `handler` for an event; the returned function removes it. A handler that throws does not affect delivery.
   *
   * @throws MeterError `invalid_options` for an event that does not exist
   *
   * @example
   * ```ts
   * client.on("rejected", ({ event, reason }) => console.error(event.event_id, reason));
   * ```
   */
  on<Name extends keyof DeliveryEvents>(
    name: Name,
    handler: (payload: DeliveryEvents[Name]) => void,
  ): () => void {
    return this.#core.engine.reports.emitter.on(name, handler);
  }

  /** Retries at once everything that waits for a destination to recover or for a customer to become known. */
  retryNow(): void {
    this.#core.engine.retryNow();
  }

  /**
   * Sends pending events before this call returns, for a page that is about to close. It does not wait for the outbox, so it uses only
   * transports that outlive the page and whose receiver deduplicates; all other events stay in the outbox. Checkpoints open sessions.
   */
  sendNow(): void {
    void this.#core.sessions.checkpoint();
    this.#core.engine.sendNow();
  }

  /** Returns events in the outbox, oldest first. */
  async list(query: OutboxQuery = {}): Promise<readonly OutboxRow[]> {
    checkCallOptions("query", query);
    await this.#core.engine.idle();
    return this.#core.engine.outbox.list(query);
  }

  /** Iterates over all matching events in the outbox. */
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
   * Sends dead letters or quarantined events again (redrive); returns how many. A quarantined event may have been counted, so sending it
   * again may count it twice.
   */
  async redrive(selection: OutboxSelection): Promise<number> {
    checkCallOptions("selection", selection);
    return this.#core.engine.redrive(selection);
  }

  /** Discards dead letters or quarantined events, with a reason; returns how many. */
  async discard(selection: OutboxSelection, reason: string): Promise<number> {
    checkCallOptions("selection", selection);
    await this.#core.engine.idle();
    return this.#core.engine.outbox.discard(selection, reason);
  }

  /**
   * Takes acknowledgements back, for events that the backend acknowledged and rejected later. Each becomes a dead letter with its content,
   * which can be redriven, and is no longer counted as acknowledged; a quarantined event is no longer ambiguous. Returns a result for each,
   * in order. Only `refuted` changes anything.
   *
   * @param events - ids of this client's tenant or of another; with their content if the outbox does not keep it
   * @param reason - for people to read; the reason of a single event takes precedence
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

  /**
   * Takes an event back. One that was never counted is discarded; of one that may count, a correction is recorded and sent like an event,
   * where its receiver carries that out (`corrections` of the transport). An event on its way has its outcome first, so this may take as
   * long as an attempt. A repeat changes nothing. It never throws for what happens to the event.
   *
   * @param event - its id, of this client's tenant; or which tenant's it is, and what it says, where the outbox does not keep that
   * @param reason - in words, for people
   */
  cancel(event: string | CorrectedEvent, reason: string): Promise<CorrectionResult> {
    return correctEvent(this.#core, this.#context, event, undefined, reason);
  }

  /**
   * Has an event say something else: the fields that are given take the place of its own. One that was never counted goes out so; of one
   * that may count, a correction is recorded and sent, as `cancel()` does.
   */
  amend<const Id extends MeterId<C>, const N extends number = number>(
    event: string | CorrectedEvent,
    fields: AmendedFields<C, Id, N>,
    reason: string,
  ): Promise<CorrectionResult> {
    return correctEvent(this.#core, this.#context, event, fields, reason);
  }

  /**
   * Freezes all hours of the ledger that end by `before`: their rows in `ledger()` never change again. What changes in such an hour later (an
   * event that arrives late, is acknowledged, refuted, cancelled or amended) is booked in the first hour after them, as a correction.
   * Freeze hours when they agree with the backend. It cannot be undone.
   *
   * @param before - in milliseconds since the epoch; not in the future
   * @returns the start of the first hour that is not frozen
   * @throws MeterError `invalid_options` if `before` is in the future or no time
   */
  freeze(before: number): Promise<number> {
    return freezeLedger(this.#core.engine.outbox, before, this.#core.clock.now());
  }

  /**
   * Returns what was recorded and acknowledged, by tenant, meter and hour, as it is booked: usage counts in its own hour, unless that was
   * frozen when it changed. Such a row has `corrects`, the hour that it corrects, and figures that may be negative.
   */
  async ledger(range: LedgerRange = {}): Promise<readonly LedgerRow[]> {
    checkCallOptions("range", range);
    await this.#core.engine.idle();
    return this.#core.engine.outbox.ledger({ ...range, booked: true });
  }

  /**
   * Compares what was recorded here with what the backend counted, by tenant, meter and hour of use: a correction of a frozen hour counts
   * in that hour here, as it does at the backend.
   */
  async reconcile(backend: ReconcileBackend, range: LedgerRange = {}): Promise<Reconciliation> {
    checkCallOptions("range", range);
    await this.#core.engine.idle();
    return reconcile(this.#core.engine.outbox, backend, range);
  }

  /**
   * Sends pending events without waiting for batches to fill. Resolves with true when everything that was recorded before the call, or left
   * by an earlier process in a durable outbox, is settled; with false if that takes longer than `timeoutMs`, or if events of parked tenants
   * remain.
   */
  async flush(options: DrainOptions = {}): Promise<boolean> {
    checkCallOptions("drain", options);
    return this.#core.flush(options.timeoutMs ?? DEFAULT_DRAIN_MS);
  }

  /**
   * Stops recording, delivers for up to `timeoutMs` (with 0: sends nothing more), and closes outbox and strategies. Every call returns the
   * same promise.
   *
   * @example Deliver what is pending before the process ends
   * ```ts
   * process.once("SIGTERM", () => void client.close({ timeoutMs: 5_000 }));
   * ```
   */
  close(options: DrainOptions = {}): Promise<Closing> {
    checkCallOptions("drain", options);
    return this.#core.close(options.timeoutMs ?? DEFAULT_DRAIN_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const first = ([receipt]: readonly Receipt[]): Receipt => {
  if (receipt === undefined) throw new Error("an event that was recorded has a receipt");
  return receipt;
};

/** An event that the backend rejected after it had acknowledged it. */
export interface RefutedEvent {
  readonly event_id: string;
  /** @default the tenant of the client */
  readonly tenant_id?: string | undefined;
  /** @default the reason of the call */
  readonly reason?: string | undefined;
  /** The content, if the outbox does not keep it. */
  readonly event?: UsageEvent | undefined;
}

type WideOptions = MeterClientStrategies & { readonly catalog?: Catalog; readonly defaults?: EventContext };
