import { MeterError } from "../errors/meter-error.ts";
import type { EventRecord, Lane } from "../event/event-record.ts";
import { memoryOutbox } from "../memory/memory-outbox.ts";
import type { Clock } from "../strategies/clock.ts";
import type { CustomerLookup } from "../strategies/customer-lookup.ts";
import type { Appended, Outbox } from "../strategies/outbox.ts";
import type {
  LedgerId,
  LedgerKey,
  LedgerRange,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
} from "../strategies/outbox-query.ts";
import type { SessionAnswer, SessionChange, SessionRow } from "../strategies/outbox-session.ts";
import type { Transport } from "../strategies/transport.ts";
import { type Accounts, sumAccounts } from "./account.ts";
import { Backlog } from "./backlog.ts";
import type { Random } from "./backoff.ts";
import { CustomerDirectory, type Parking } from "./customer-directory.ts";
import { DeliveryEmitter } from "./delivery-events.ts";
import { type AmbiguityPolicy, type DestinationStatus, Dispatcher, type Settlement } from "./dispatcher.ts";
import { OutboxWriter, type OutboxWriterEvents } from "./outbox-writer.ts";
import { type Receipt, Receipts, refusedReceipt } from "./receipt.ts";

export interface DeliveryEngineOptions {
  readonly transport: Transport;
  readonly lookup: CustomerLookup;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly delivery: DeliveryOptions;
}

/** How `record()` delivers. */
export interface DeliveryOptions {
  /** Longest wait for a batch to fill, in milliseconds. @default 1_000 */
  readonly lingerMs?: number;
  /** Most events in a batch, where the transport allows as many. @default 500 */
  readonly maxBatchEvents?: number;
  /** Most bytes in a batch, where the transport allows as many. @default 512 KiB */
  readonly maxBatchBytes?: number;
  /** Batches on the way at once, per destination. @default the transport's */
  readonly maxInFlight?: number;
  /** Longest wait between two attempts, in milliseconds. @default 300_000 */
  readonly retryCapMs?: number;
  /** Most events in memory beside a durable outbox; more wait in the outbox alone. @default 10_000 */
  readonly maxHeldEvents?: number;
  /** The same in bytes. @default 16 MiB */
  readonly maxHeldBytes?: number;
  /**
   * When there is no room: `refuse` says so at once; `block` lets the receipt wait until there is room (bounded: as
   * many events again as may be held; beyond that it refuses).
   * @default "refuse"
   */
  readonly onFull?: "refuse" | "block";
  /**
   * What to do with an event that may have been counted by a receiver that does not deduplicate: keep it for a person
   * (`quarantine`), or send it again and perhaps count it twice (`resend`).
   * @default "quarantine"
   */
  readonly ambiguity?: AmbiguityPolicy;
  /**
   * Keeps a serverless invocation alive until its events are delivered: called with one promise for each burst of
   * events. For instance `ctx.waitUntil` of an edge runtime.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** How a client was left. */
export interface Closing {
  /** Acknowledged while closing. */
  readonly acknowledged: number;
  /** Not yet delivered, safe in the durable outbox. */
  readonly persisted: number;
  /** Dropped: they were in memory only. */
  readonly lost: number;
}

const CLAIM_INTERVAL_MS = 5_000;
const SPARE_EVENTS = 10_000;
const SPARE_BYTES = 16 * 1024 * 1024;
const DATE_HEADER_RESOLUTION_MS = 1_000;
const NOTABLE_SKEW_MS = 60_000;
const PARKED_SHARE = 0.25;

/**
 * Takes recorded events to their destination and keeps the accounts. Data flows one way:
 * record → outbox → customer → destination → outcome → outbox.
 */
export class DeliveryEngine {
  readonly emitter = new DeliveryEmitter();

  readonly #options: DeliveryEngineOptions;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #spare: Outbox;
  readonly #writer: OutboxWriter;
  readonly #spareWriter: OutboxWriter;
  /** Events that live in the spare outbox, because the outbox did not take them. */
  readonly #inSpare = new Set<EventRecord>();
  readonly #directory: CustomerDirectory;
  readonly #dispatcher: Dispatcher;
  readonly #receipts: Receipts;
  readonly #backlog: Backlog;
  /** Not recorded yet: they wait for room. */
  #waitingForRoom: EventRecord[] = [];

  #claiming = false;
  #claimAgainAt: number;
  #wakeAt = Number.POSITIVE_INFINITY;
  #cancelWake = () => {};
  #holdsProcess = false;
  #flushes = 0;
  #keepingAlive = false;
  #skewMs: number | undefined;
  #acknowledged = 0;
  #closing: Promise<Closing> | undefined;
  /** No more is sent or claimed. */
  #stopped = false;

  constructor(options: DeliveryEngineOptions) {
    const { transport, lookup, outbox, clock, random, timeoutMs, delivery } = options;
    const {
      maxHeldEvents = 10_000,
      maxHeldBytes = 16 * 1024 * 1024,
      retryCapMs = 300_000,
      lingerMs = 1_000,
    } = delivery;
    this.#options = options;
    this.#clock = clock;
    this.#outbox = outbox;
    this.#claimAgainAt = outbox.durable ? 0 : Number.POSITIVE_INFINITY;
    this.#spare = memoryOutbox({ maxEvents: SPARE_EVENTS, maxBytes: SPARE_BYTES });
    this.#receipts = new Receipts(outbox.durable, () => this.#holdWake());
    this.#backlog = new Backlog({
      // A volatile outbox is memory itself: its own limits hold.
      maxEvents: outbox.durable ? maxHeldEvents : Number.POSITIVE_INFINITY,
      maxBytes: outbox.durable ? maxHeldBytes : Number.POSITIVE_INFINITY,
    });
    this.#writer = new OutboxWriter(outbox, clock, random, this.#writerEvents());
    this.#spareWriter = new OutboxWriter(this.#spare, clock, random, this.#spareEvents());
    this.#directory = new CustomerDirectory({
      lookup,
      clock,
      random,
      timeoutMs,
      retryCapMs,
      ready: (event) => this.#dispatcher.enqueue(event),
      setAside: (event) => this.#setAside(event),
      parked: (parking) => this.emitter.emit("parked", parking),
      unparked: (tenant_id) => {
        this.emitter.emit("unparked", { tenant_id });
        this.#claimAgainAt = 0;
      },
      wake: () => this.#wake(),
    });
    this.#dispatcher = new Dispatcher({
      transport,
      clock,
      random,
      timeoutMs,
      ambiguity: delivery.ambiguity ?? "quarantine",
      limits: { ...delivery, lingerMs, retryCapMs },
      lease: (events, stored, failed) => this.#lease(events, stored, failed),
      settled: (event, outcome) => this.#writerOf(event).settle(event, outcome),
      released: (event) => this.#writerOf(event).release(event),
      wake: () => this.#wake(),
      blocked: (status) => this.emitter.emit("blocked", status),
      unblocked: (status) => this.emitter.emit("unblocked", status),
      receiverTime: (sentAt, receivedAt, time) => this.#measureSkew(sentAt, receivedAt, time),
    });
    // Opens the outbox: what an earlier process left is delivered without anybody recording anything.
    if (outbox.durable) this.#writer.kick();
  }

  /** This machine's clock minus the receiver's, in milliseconds; undefined before the first answer with a time. */
  get skewMs(): number | undefined {
    return this.#skewMs;
  }

  record(event: EventRecord, lane: Lane): Receipt {
    event.lane = lane;
    const receipt = this.#receipts.of(event);
    const refusal = this.#refusal(event);
    if (refusal === undefined) {
      this.#accept(event);
    } else if (refusal.code === "no_room" && this.#mayWaitForRoom()) {
      this.#waitingForRoom.push(event);
      this.#wake();
    } else {
      this.#refuse(event, refusal);
    }
    this.#keepAlive();
    return receipt;
  }

  /** The receipt of something that is no event. */
  refuseInput(input: unknown, error: MeterError): Receipt {
    this.emitter.emit("refused", { input, error });
    return refusedReceipt(input, error);
  }

  async accounts(): Promise<Accounts> {
    await this.#written();
    return sumAccounts(await Promise.all([this.#outbox.accounts(), this.#spare.accounts()]));
  }

  parkings(): readonly Parking[] {
    return this.#directory.parkings();
  }

  destinations(): readonly DestinationStatus[] {
    return this.#dispatcher.statuses();
  }

  /** Tries everything at once that waits: blocked destinations, parked tenants, events of other owners. */
  retryNow(): void {
    this.#directory.retryParked();
    this.#claimAgainAt = 0;
    this.#dispatcher.unblock();
  }

  /** Rows of the outbox, and of the memory that stands in for it. */
  async list(query: OutboxQuery): Promise<readonly OutboxRow[]> {
    await this.#written();
    const rows = await this.#outbox.list(query);
    return this.#inSpare.size === 0 ? rows : [...rows, ...(await this.#spare.list(query))];
  }

  async ledger(range: LedgerRange): Promise<readonly LedgerRow[]> {
    await this.#written();
    return this.#outbox.ledger(range);
  }

  async ledgerIds(row: LedgerKey): Promise<readonly LedgerId[]> {
    return this.#outbox.ledgerIds(row);
  }

  async redrive(selection: OutboxSelection): Promise<number> {
    await this.#written();
    const count = (await this.#outbox.redrive(selection)) + (await this.#spare.redrive(selection));
    this.#claimAgainAt = 0;
    this.#wake();
    return count;
  }

  async discard(selection: OutboxSelection, reason: string): Promise<number> {
    await this.#written();
    return (await this.#outbox.discard(selection, reason)) + (await this.#spare.discard(selection, reason));
  }

  session(change: SessionChange): Promise<SessionAnswer> {
    return this.#writer.session(change);
  }

  async claimSessions(): Promise<readonly SessionRow[]> {
    await this.#written();
    return this.#outbox.claimSessions();
  }

  /** Resolves with true when everything accepted before the call is settled, with false after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
    this.#flushes++;
    const drained = this.#backlog.drained();
    let cancel = () => {};
    const timedOut = new Promise<boolean>((resolve) => {
      cancel = this.#clock.schedule(timeoutMs, () => resolve(false), { holdProcess: true });
    });
    this.#claimAgainAt = 0;
    this.#wake();
    const done = await Promise.race([drained.then(() => true), timedOut]);
    cancel();
    this.#flushes--;
    return done && this.#directory.parkings().length === 0;
  }

  close(timeoutMs: number): Promise<Closing> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<Closing> {
    const before = this.#acknowledged;
    for (const event of this.#waitingForRoom.splice(0)) this.#refuse(event, closedError());
    await this.flush(timeoutMs);
    this.#stopped = true;
    const undelivered = await this.#dispatcher.close();
    for (const event of [...undelivered, ...this.#directory.close()]) this.#writerOf(event).unhold(event);
    await this.#written();
    const { pending } = await this.#pendingIn(this.#outbox);
    const spare = await this.#pendingIn(this.#spare);
    this.#cancelWake();
    this.#writer.stop();
    this.#receipts.close(this.#outbox.durable ? "persisted" : "lost");
    await this.#spare.close();
    try {
      await this.#outbox.close();
    } catch (error) {
      this.emitter.emit("warning", { message: `the outbox did not close: ${String(error)}` });
    }
    const volatile = this.#outbox.durable ? 0 : pending;
    return {
      acknowledged: this.#acknowledged - before,
      persisted: pending - volatile,
      lost: spare.pending + volatile,
    };
  }

  async #pendingIn(outbox: Outbox): Promise<{ readonly pending: number }> {
    try {
      return await outbox.accounts();
    } catch {
      return { pending: 0 };
    }
  }

  async #written(): Promise<void> {
    await Promise.all([this.#writer.idle(), this.#spareWriter.idle()]);
  }

  // Recording

  #refusal(event: EventRecord): MeterError | undefined {
    if (this.#closing !== undefined) return closedError();
    const { maxEvents, maxBytes } = this.#outbox.limits;
    const { pendingEvents, pendingBytes, bufferedEvents } = this.#writer;
    if (pendingEvents >= maxEvents || pendingBytes + event.bytes > maxBytes) {
      return noRoom(
        `the outbox holds ${pendingEvents} events (${pendingBytes} bytes) of at most ${maxEvents} (${maxBytes} bytes)`,
      );
    }
    if (this.#backlog.isBufferFull(bufferedEvents, this.#writer.bufferedBytes)) {
      return noRoom(`${bufferedEvents} events wait to be stored`);
    }
    if (event.lane === "backfill" && pendingEvents >= maxEvents / 2)
      return noRoom("a backfill may use half of the outbox");
    if (this.#directory.parkedEvents(event.tenant_id) >= maxEvents * PARKED_SHARE) {
      return noRoom(
        `tenant ${JSON.stringify(event.tenant_id)} has no known customer, and its events fill a quarter of the outbox`,
      );
    }
    return undefined;
  }

  #mayWaitForRoom(): boolean {
    const { onFull = "refuse", maxHeldEvents = 10_000 } = this.#options.delivery;
    return onFull === "block" && this.#closing === undefined && this.#waitingForRoom.length < maxHeldEvents;
  }

  #accept(event: EventRecord): void {
    this.#backlog.accepted(event);
    // While the store is away, or while it is known to be, memory stands in.
    if (this.#writer.down) this.#moveToSpare([event]);
    else this.#writer.append(event);
  }

  #admitWaiting(): void {
    while (this.#waitingForRoom.length > 0) {
      const [next] = this.#waitingForRoom;
      if (next === undefined || this.#refusal(next) !== undefined) return;
      this.#waitingForRoom.shift();
      this.#accept(next);
    }
  }

  #refuse(event: EventRecord, error: MeterError): void {
    this.#receipts.refused(event, error);
    this.emitter.emit("refused", { input: event, error });
  }

  #keepAlive(): void {
    const { waitUntil } = this.#options.delivery;
    if (waitUntil === undefined || this.#keepingAlive) return;
    this.#keepingAlive = true;
    const work = this.flush(this.#options.timeoutMs).finally(() => {
      this.#keepingAlive = false;
    });
    try {
      waitUntil(work);
    } catch (error) {
      this.emitter.emit("warning", { message: `waitUntil threw: ${String(error)}` });
    }
  }

  // Storing

  #writerEvents(): OutboxWriterEvents {
    return {
      ...this.#sharedWriterEvents(),
      hold: (event) => !this.#directory.isParked(event.tenant_id) && this.#backlog.mayHold(event),
      opened: ({ pendingEvents, warnings }) => {
        for (const message of warnings) this.emitter.emit("warning", { message });
        if (pendingEvents > 0) this.#claimAgainAt = 0;
      },
      appended: (event, answer, held) => this.#appended(event, answer, held, !this.#outbox.durable),
      appendFailed: (events) => this.#moveToSpare(events),
      storeFailed: (error) => this.emitter.emit("volatile", { error }),
      storeRecovered: () => this.emitter.emit("durable", { outbox: this.#outbox.name }),
    };
  }

  #spareEvents(): OutboxWriterEvents {
    return {
      ...this.#sharedWriterEvents(),
      hold: () => true,
      opened: () => {},
      appended: (event, answer) => {
        if (answer.state !== "recorded") this.#inSpare.delete(event);
        this.#appended(event, answer, true, true);
      },
      appendFailed: () => {},
      storeFailed: () => {},
      storeRecovered: () => {},
    };
  }

  #sharedWriterEvents() {
    return {
      settled: (event: EventRecord, outcome: Settlement) => this.#settled(event, outcome),
      written: () => this.#afterWriting(),
    };
  }

  #moveToSpare(events: readonly EventRecord[]): void {
    for (const event of events) {
      this.#inSpare.add(event);
      this.#spareWriter.append(event);
    }
  }

  #writerOf(event: EventRecord): OutboxWriter {
    return this.#inSpare.has(event) ? this.#spareWriter : this.#writer;
  }

  #appended(event: EventRecord, answer: Appended, held: boolean, isVolatile: boolean): void {
    switch (answer.state) {
      case "recorded":
        event.state = "pending";
        event.key = answer.key;
        event.seq = answer.seq;
        this.#receipts.recorded(event, isVolatile);
        if (held) this.#directory.admit(event);
        else this.#backlog.spilled(event);
        return;
      case "repeat":
        this.#backlog.left(event);
        this.#receipts.repeated(event, answer.where);
        return;
      case "conflict":
        this.#backlog.left(event);
        this.#refuse(event, idConflict(event));
        return;
      case "full":
        this.#backlog.left(event);
        this.#refuse(event, noRoom("the outbox is full"));
        return;
    }
  }

  #afterWriting(): void {
    this.#admitWaiting();
    void this.#claim();
    this.#dispatcher.dispatch(this.#flushes > 0);
    this.#scheduleWake();
  }

  // Sending

  #lease(events: readonly EventRecord[], stored: () => void, failed: () => void): void {
    // What is in memory only has no lease: it does not outlive this process.
    const durable = this.#inSpare.size === 0 ? events : events.filter((event) => !this.#inSpare.has(event));
    if (durable.length === 0) stored();
    else this.#writer.lease({ events: durable, stored, failed });
  }

  #settled(event: EventRecord, outcome: Settlement): void {
    event.state = outcome.state;
    this.#inSpare.delete(event);
    this.#backlog.left(event);
    this.#receipts.decided(event, outcome);
    if (outcome.state === "acknowledged") {
      this.#acknowledged++;
      if (this.emitter.has("acknowledged")) this.emitter.emit("acknowledged", { event, outcome });
    } else {
      this.emitter.emit(outcome.state, { event, reason: outcome.reason, status: outcome.status });
    }
  }

  #setAside(event: EventRecord): void {
    this.#writerOf(event).unhold(event);
    this.#backlog.spilled(event);
  }

  async #claim(): Promise<void> {
    const now = this.#clock.now();
    const room = this.#backlog.claimable;
    const isDue = now >= this.#claimAgainAt || this.#backlog.hasSpilled;
    if (!isDue || room === undefined || this.#claiming || this.#stopped || this.#writer.down) return;
    this.#claiming = true;
    try {
      const skipTenants = this.#directory.parkings().map(({ tenant_id }) => tenant_id);
      const { events, more } = await this.#writer.claim({ ...room, now, skipTenants });
      for (const event of events) {
        this.#backlog.claimed(event);
        this.#directory.admit(event);
      }
      if (!more) this.#backlog.noneSpilled();
      this.#claimAgainAt = more ? now : now + this.#claimIntervalMs;
    } catch {
      // The writer tells about a failing store; this call is made again.
      this.#claimAgainAt = now + CLAIM_INTERVAL_MS;
    } finally {
      this.#claiming = false;
      this.#wake();
    }
  }

  // A volatile outbox has no other owners; it is looked at again when something is redriven.
  get #claimIntervalMs(): number {
    return this.#outbox.durable ? CLAIM_INTERVAL_MS : Number.POSITIVE_INFINITY;
  }

  // Time

  #wake(): void {
    this.#writer.kick();
    this.#spareWriter.kick();
  }

  #scheduleWake(): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    const at = Math.min(this.#dispatcher.wakeAt() ?? Number.POSITIVE_INFINITY, this.#claimAgainAt);
    // What is due already waits for something else, which will wake it.
    if (at === Number.POSITIVE_INFINITY || at <= now || at >= this.#wakeAt) return;
    this.#cancelWake();
    this.#wakeAt = at;
    this.#cancelWake = this.#clock.schedule(
      at - now,
      () => {
        this.#wakeAt = Number.POSITIVE_INFINITY;
        this.#wake();
      },
      { holdProcess: this.#receipts.isAwaited },
    );
    this.#holdsProcess = this.#receipts.isAwaited;
  }

  /** Somebody waits for an outcome: the timer that leads to it keeps the process alive from now on. */
  #holdWake(): void {
    if (this.#holdsProcess || this.#wakeAt === Number.POSITIVE_INFINITY) return;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#scheduleWake();
  }

  #measureSkew(sentAt: number, receivedAt: number, receiverTime: number): void {
    // The header cuts the time to a second; half of one is the best guess for what it cut off.
    const skewMs = Math.round((sentAt + receivedAt) / 2 - (receiverTime + DATE_HEADER_RESOLUTION_MS / 2));
    const wasNotable = this.#skewMs !== undefined && Math.abs(this.#skewMs) > NOTABLE_SKEW_MS;
    this.#skewMs = skewMs;
    if (Math.abs(skewMs) > NOTABLE_SKEW_MS && !wasNotable) this.emitter.emit("skew", { skewMs });
  }
}

const closedError = (): MeterError => new MeterError("closed", "the client is closed; nothing was recorded");

const noRoom = (why: string): MeterError =>
  new MeterError("no_room", `no room: ${why}; nothing was recorded`);

const idConflict = (event: EventRecord): MeterError =>
  new MeterError(
    "id_conflict",
    `event_id: ${JSON.stringify(event.event_id)} was recorded before for tenant ${JSON.stringify(event.tenant_id)} with other content`,
  );
