import { leafTransport } from "../compose/leaf-transport.ts";
import type { MeterError } from "../errors/meter-error.ts";
import type { EventRecord, Lane } from "../event/event-record.ts";
import type { Clock } from "../strategies/clock.ts";
import type { Appended } from "../strategies/outbox.ts";
import type { OutboxSelection } from "../strategies/outbox-query.ts";
import { Admission } from "./admission.ts";
import { Backlog } from "./backlog.ts";
import { Claims } from "./claims.ts";
import { ClockSkew } from "./clock-skew.ts";
import { CustomerDirectory, type Parking } from "./customer-directory.ts";
import { DeliveryEmitter } from "./delivery-events.ts";
import type { Closing, DeliveryEngineOptions } from "./delivery-options.ts";
import type { DestinationStatus } from "./destination.ts";
import { Dispatcher } from "./dispatcher.ts";
import { KeepAlive } from "./keep-alive.ts";
import { type Receipt, Receipts, refusedReceipt } from "./receipt.ts";
import { idConflict, noRoom, uncheckedId } from "./refusals.ts";
import type { Settlement } from "./settlement.ts";
import { steadyTime } from "./steady-time.ts";
import { Store } from "./store.ts";
import { WakeTimer } from "./wake-timer.ts";

const MAX_HELD_EVENTS = 10_000;
const MAX_HELD_BYTES = 16 * 1024 * 1024;
const RETRY_CAP_MS = 300_000;
const LINGER_MS = 1_000;

/**
 * Takes recorded events to their destination and keeps the accounts. Data flows one way:
 * admission → store → customer directory → dispatcher → outcome → store.
 */
export class DeliveryEngine {
  readonly emitter = new DeliveryEmitter();
  readonly store: Store;

  readonly #clock: Clock;
  readonly #steady: () => number;
  readonly #admission: Admission;
  readonly #directory: CustomerDirectory;
  readonly #dispatcher: Dispatcher;
  readonly #receipts: Receipts;
  readonly #backlog: Backlog;
  readonly #claims: Claims;
  readonly #timer: WakeTimer;
  readonly #keepAlive: KeepAlive;
  readonly #skew = new ClockSkew((skewMs) => this.emitter.emit("skew", { skewMs }));

  #flushes = 0;
  #acknowledged = 0;
  /** No more is sent or claimed. */
  #stopped = false;

  constructor(options: DeliveryEngineOptions) {
    const { transport, lookup, outbox, clock, random, timeoutMs, delivery } = options;
    const { retryCapMs = RETRY_CAP_MS, lingerMs = LINGER_MS, maxHeldEvents = MAX_HELD_EVENTS } = delivery;
    this.#clock = clock;
    this.#steady = steadyTime(clock);
    this.#timer = new WakeTimer(clock, () => this.store.kick());
    this.#keepAlive = new KeepAlive(
      delivery.waitUntil,
      () => this.#drain(timeoutMs),
      (error) => this.#warn(`waitUntil threw: ${String(error)}`),
    );
    this.#receipts = new Receipts(outbox.durable, () => this.#holdWake());
    this.#backlog = new Backlog({
      // A volatile outbox is memory itself: its own limits hold.
      maxEvents: outbox.durable ? maxHeldEvents : Number.POSITIVE_INFINITY,
      maxBytes: outbox.durable ? (delivery.maxHeldBytes ?? MAX_HELD_BYTES) : Number.POSITIVE_INFINITY,
    });
    this.#directory = new CustomerDirectory({
      lookup,
      clock,
      random,
      timeoutMs,
      retryCapMs,
      ready: (event) => this.#dispatcher.enqueue(event),
      setAside: (event) => {
        this.store.unhold(event);
        this.#backlog.spilled(event);
      },
      parked: (parking) => this.emitter.emit("parked", parking),
      unparked: (tenant_id) => {
        this.emitter.emit("unparked", { tenant_id });
        this.#claims.expect();
      },
      wake: () => this.store.kick(),
    });
    this.#dispatcher = new Dispatcher({
      transport,
      clock,
      steady: this.#steady,
      random,
      timeoutMs,
      ambiguity: delivery.ambiguity ?? "quarantine",
      limits: { ...delivery, lingerMs, retryCapMs },
      lease: (events, stored, failed) => this.store.lease(events, stored, failed),
      idle: () => this.store.idle(),
      taken: (event) => this.#backlog.spilled(event),
      settled: (event, outcome) => this.store.settle(event, outcome),
      released: (event) => this.store.release(event),
      wake: () => this.store.kick(),
      blocked: (status) => this.emitter.emit("blocked", status),
      unblocked: (status) => this.emitter.emit("unblocked", status),
      receiverTime: (sentAt, receivedAt, time) => this.#skew.measure(sentAt, receivedAt, time),
    });
    this.store = new Store(outbox, clock, random, {
      hold: (event) =>
        this.#dispatcher.isAhead(event) ||
        (!this.#directory.isParked(event.tenant_id) && this.#backlog.mayHold(event)),
      mayGoUnchecked: (event) => Boolean(leafTransport(transport, event).dedup),
      turnedAway: (event) => {
        this.#backlog.left(event);
        this.#refuse(event, uncheckedId(event, outbox.name));
      },
      appended: (event, answer, held, isVolatile) => this.#appended(event, answer, held, isVolatile),
      settled: (event, outcome) => this.#settled(event, outcome),
      opened: (warnings) => {
        for (const message of warnings) this.#warn(message);
      },
      failed: (error) => this.emitter.emit("volatile", { error }),
      recovered: () => this.emitter.emit("durable", { outbox: outbox.name }),
      written: () => this.#written(),
    });
    this.#claims = new Claims({
      store: this.store,
      backlog: this.#backlog,
      clock,
      skipTenants: () => this.#directory.parkings().map(({ tenant_id }) => tenant_id),
      claimed: (event) => {
        this.#dispatcher.doubt(event);
        this.#directory.admit(event);
      },
    });
    this.#admission = new Admission({
      store: this.store,
      backlog: this.#backlog,
      directory: this.#directory,
      maxWaiting: delivery.onFull === "block" ? maxHeldEvents : 0,
      admitted: (event) => {
        this.#backlog.accepted(event);
        this.store.append(event);
      },
      refused: (event, error) => this.#refuse(event, error),
    });
  }

  /** This machine's clock minus the receiver's, in milliseconds; undefined before the first answer with a time. */
  get skewMs(): number | undefined {
    return this.#skew.skewMs;
  }

  record(event: EventRecord, lane: Lane): Receipt {
    event.lane = lane;
    this.#admission.admit(event);
    this.#keepAlive.keep();
    return this.#receipts.of(event);
  }

  /** The receipt of something that is no event. */
  refuseInput(input: unknown, error: MeterError): Receipt {
    this.emitter.emit("refused", { input, error });
    return refusedReceipt(input, error);
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
    this.#claims.expect();
    this.#dispatcher.unblock();
  }

  /**
   * Hands what waits to its transport before this call returns, for a page that closes: also what the outbox does not have yet.
   * Only through transports that survive it and whose receiver deduplicates; all else stays where it is.
   */
  sendNow(): void {
    const unstored = this.store.unstored.filter((event) => this.#directory.resolveNow(event));
    this.#dispatcher.sendNow(unstored, this.store.durable && !this.store.down);
  }

  async redrive(selection: OutboxSelection): Promise<number> {
    const count = await this.store.redrive(selection);
    this.#claims.expect();
    this.store.kick();
    return count;
  }

  /** Resolves with true when everything accepted before the call, and all that can be claimed, is settled; with false after `timeoutMs`. */
  flush(timeoutMs: number): Promise<boolean> {
    // What an earlier process left in the outbox is part of it.
    if (this.store.durable && !this.store.down) this.#backlog.suspectMore();
    return this.#drain(timeoutMs);
  }

  async #drain(timeoutMs: number): Promise<boolean> {
    this.#flushes++;
    const drained = this.#backlog.drained().then(() => true);
    const timedOut = Promise.withResolvers<boolean>();
    const cancel = this.#clock.schedule(timeoutMs, () => timedOut.resolve(false), { holdProcess: true });
    this.#claims.expect();
    this.store.kick();
    const done = await Promise.race([drained, timedOut.promise]);
    cancel();
    this.#flushes--;
    return done && this.#directory.parkings().length === 0;
  }

  /** Records no more, delivers what it can in `timeoutMs`, then stops. To be called once. */
  async close(timeoutMs: number): Promise<Closing> {
    const before = this.#acknowledged;
    this.#admission.close();
    await this.#drain(timeoutMs);
    this.#stopped = true;
    this.#claims.stop();
    const undelivered = await this.#dispatcher.close();
    // What was leased and did not leave is in doubt no more, also for the next process.
    for (const event of undelivered) if (event.attempts > 0) this.store.release(event);
    await this.store.idle();
    for (const event of [...undelivered, ...this.#directory.close()]) this.store.unhold(event);
    this.#timer.cancel();
    const left = await this.store.close().catch((error) => {
      this.#warn(`the outbox did not close: ${String(error)}`);
      return { persisted: 0, lost: 0 };
    });
    for (const event of this.store.volatileEvents) this.#receipts.decided(event, { state: "lost" });
    this.#receipts.close(this.store.durable ? "persisted" : "lost");
    return { acknowledged: this.#acknowledged - before, ...left };
  }

  #warn(message: string): void {
    this.emitter.emit("warning", { message });
  }

  #refuse(event: EventRecord, error: MeterError): void {
    this.#receipts.refused(event, error);
    this.emitter.emit("refused", { input: event, error });
  }

  #appended(event: EventRecord, answer: Appended, held: boolean, isVolatile: boolean): void {
    if (answer.state === "recorded") {
      event.state = "pending";
      event.key = answer.key;
      event.seq = answer.seq;
      this.#receipts.recorded(event, isVolatile);
      const stays = held || this.#dispatcher.isAhead(event);
      if (!stays) this.#directory.countParked(event.tenant_id);
      if (stays) this.#directory.admit(event);
      else this.#backlog.spilled(event);
      return;
    }
    this.#backlog.left(event);
    if (answer.state === "repeat") this.#receipts.repeated(event, answer.where);
    else this.#refuse(event, answer.state === "conflict" ? idConflict(event) : noRoom("the outbox is full"));
  }

  #settled(event: EventRecord, outcome: Settlement): void {
    event.state = outcome.state;
    this.#backlog.left(event);
    this.#receipts.decided(event, outcome);
    if (outcome.state === "acknowledged") {
      this.#acknowledged++;
      if (this.emitter.has("acknowledged")) this.emitter.emit("acknowledged", { event, outcome });
    } else {
      this.emitter.emit(outcome.state, { event, reason: outcome.reason, status: outcome.status });
    }
  }

  /** The heartbeat: whatever happens ends in a write, and after each one the next things are started. */
  #written(): void {
    // One time for all three: what is not due for the first two must not be past for the timer.
    const now = this.#steady();
    this.#admission.admitWaiting();
    void this.#claims.claim(now);
    this.#dispatcher.dispatch(now, this.#flushes > 0);
    this.#scheduleWake(now);
  }

  #scheduleWake(now: number): void {
    if (this.#stopped) return;
    const dispatchAt = this.#dispatcher.wakeAt(now) ?? Number.POSITIVE_INFINITY;
    this.#timer.set(Math.min(dispatchAt, this.#claims.wakeAt(now)), now, this.#receipts.isAwaited);
  }

  /** Somebody waits for an outcome: the timer that leads to it keeps the process alive from now on. */
  #holdWake(): void {
    if (!this.#timer.letsProcessEnd) return;
    this.#timer.forget();
    this.#scheduleWake(this.#steady());
  }
}
