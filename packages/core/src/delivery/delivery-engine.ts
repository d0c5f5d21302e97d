import { leafTransport } from "../compose/leaf-transport.ts";
import { MeterError } from "../errors/meter-error.ts";
import type { CheckedEvent } from "../event/checked-event.ts";
import { contentMark } from "../event/content-mark.ts";
import type { Lane, UsageEvent } from "../event/usage-event.ts";
import type {
  Corrected,
  CorrectionRequest,
  EventIdentity,
  NewSegment,
  Outbox,
  OutboxOpening,
  Refutation,
  RefutationState,
  Standing,
} from "../log/outbox/outbox.ts";
import type { OutboxSelection } from "../log/outbox/outbox-query.ts";
import type { SessionAnswer, SessionChange } from "../log/outbox/outbox-session.ts";
import { SpareOutbox } from "../log/spare-outbox.ts";
import type { SqlTransaction } from "../log/store/store.ts";
import type { Account } from "../log/sums/account.ts";
import type { Clock } from "../strategies/clock.ts";
import type { Transport } from "../strategies/transport.ts";
import { Claims } from "./commits/claims.ts";
import { CommitResults } from "./commits/commit-results.ts";
import { NextCommit, type Transaction } from "./commits/next-commit.ts";
import { Customers, type Parking } from "./customers/customers.ts";
import { closedRefusal, Intake } from "./intake/intake.ts";
import { Room } from "./intake/room.ts";
import { WaitingForRoom } from "./intake/waiting-for-room.ts";
import { ArrivalReceipt } from "./receipts/arrival-receipt.ts";
import { Flushes } from "./receipts/flushes.ts";
import { type Receipt, refusedReceipt, Waiting } from "./receipts/receipt.ts";
import type { OutboxStatus } from "./reports/outbox-status.ts";
import { messageOf, Reports } from "./reports/reports.ts";
import type { Closing, DeliveryEngineOptions, DeliveryOptions } from "./rules/delivery-options.ts";
import type { DestinationStatus } from "./rules/destination-status.ts";
import { backoffMs } from "./rules/retry.ts";
import { EventReceipt } from "./segments/event-receipt.ts";
import { EventsInMemory } from "./segments/events-in-memory.ts";
import { FateListeners } from "./segments/fate-listeners.ts";
import type { Segment } from "./segments/segment.ts";
import { Dispatch } from "./sending/dispatch.ts";
import { ClockSkew } from "./time/clock-skew.ts";
import { HoldProcess } from "./time/hold-process.ts";
import { KeepAlive } from "./time/keep-alive.ts";
import { steadyTime } from "./time/steady-time.ts";
import { WakeTimer } from "./time/wake-timer.ts";

const MAX_HELD_EVENTS = 10_000;
const MAX_HELD_BYTES = 16 * 1024 * 1024;
const RETRY_CAP_MS = 300_000;
const STORE_RETRY_CAP_MS = 30_000;
const LINGER_MS = 1_000;
const LONGEST_UNSTORED_MS = 1_000;
/** A durable commit costs about as much as a hundred events: what nobody waits for is stored so often at most. */
const BETWEEN_COMMITS_MS = 20;
/** While events wait for room in a shared outbox, it is asked this often. */
const ASK_ROOM_INTERVAL_MS = 5_000;
/** With so many batches on the way, a freed place may stay empty for a moment. */
const MANY_IN_FLIGHT = 16;
const REFUTATIONS_AT_ONCE = 1_000;
/** How much longer closing may take if a store or a strategy hangs. */
const CLOSE_GRACE_MS = 1_500;

/**
 * Delivers recorded events and keeps the accounts. One loop: commit what came in → resolve customers → queue slices → send what is due →
 * take in outcomes.
 */
export class DeliveryEngine {
  readonly reports: Reports;
  readonly outbox: Outbox;
  readonly durable: boolean;

  readonly #spare: SpareOutbox | undefined;
  readonly #clock: Clock;
  readonly #steady: () => number;
  readonly #delivery: DeliveryOptions;
  readonly #transport: Transport;
  readonly #commitAfterMs: number;
  readonly #commitAtEvents: number;
  readonly #waiting = new Waiting(() => this.#somebodyWaits());
  readonly #hold: HoldProcess;
  readonly #intake: Intake;
  readonly #nextCommit = new NextCommit();
  readonly #customers: Customers;
  readonly #dispatch: Dispatch;
  readonly #claims: Claims;
  readonly #commitResults: CommitResults;
  readonly #keepAlive: KeepAlive;
  readonly #skew = new ClockSkew((skewMs) => this.reports.emitter.emit("skew", { skewMs }));

  readonly #inMemory: EventsInMemory;
  readonly #room: Room;
  readonly #waitingForRoom: WaitingForRoom;
  readonly #listeners = new FateListeners();
  readonly #flushes = new Flushes();
  readonly #wake: WakeTimer;
  #running: Promise<void> | undefined;
  #isKicked = false;
  #cancelLanding: (() => void) | undefined;
  /** Whether to commit without waiting for more events. */
  #hurry = false;
  #committedAt = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isOpen = false;
  #isClosed = false;
  #isStopped = false;

  constructor(options: DeliveryEngineOptions) {
    const { transport, lookup, outbox, clock, random, timeoutMs, delivery } = options;
    const { retryCapMs = RETRY_CAP_MS, lingerMs = LINGER_MS } = delivery;
    this.#clock = clock;
    this.#steady = steadyTime(clock);
    this.#delivery = delivery;
    this.#transport = transport;
    this.durable = outbox.durable;
    this.reports = new Reports(clock);
    this.#spare = outbox.durable ? this.#withSpare(outbox, random) : undefined;
    this.outbox = this.#spare ?? outbox;
    const maxHeld = {
      events: delivery.maxHeldEvents ?? MAX_HELD_EVENTS,
      bytes: delivery.maxHeldBytes ?? MAX_HELD_BYTES,
    };
    this.#inMemory = new EventsInMemory(outbox.durable ? maxHeld : UNBOUNDED, this.#listeners, (hour) =>
      this.#intake.unloaded(hour),
    );
    this.#waitingForRoom = new WaitingForRoom(maxHeld.events);
    this.#wake = new WakeTimer(clock, this.#steady, () => this.kick());
    this.#commitAtEvents = Math.min(
      // The next events find room before those are stored.
      maxHeld.events / 2,
      delivery.maxBatchEvents ?? Number.POSITIVE_INFINITY,
      transport.limits?.maxBatchEvents ?? Number.POSITIVE_INFINITY,
    );
    // In memory, an event is as safe before the commit as after it, so the commit can wait for more.
    this.#commitAfterMs = Math.min(lingerMs, LONGEST_UNSTORED_MS);
    this.#hold = new HoldProcess(clock);
    this.#keepAlive = new KeepAlive(
      delivery.waitUntil,
      () => this.#drain(timeoutMs),
      (error) => this.reports.warn(`waitUntil threw: ${String(error)}`),
    );
    this.#intake = new Intake({
      limits: outbox.limits,
      isDurable: outbox.durable,
      maxUnstored: maxHeld,
      waiting: this.#waiting,
      steady: this.#steady,
    });
    const times = { clock, steady: this.#steady, random, timeoutMs, retryCapMs };
    this.#customers = new Customers({ ...times, lookup, changed: () => this.kick() });
    this.#dispatch = new Dispatch({
      ...times,
      transport,
      lingerMs,
      delivery,
      nextCommit: this.#nextCommit,
      customers: this.#customers,
      emitter: this.reports.emitter,
      landed: () => this.#landed(),
      receiverTime: (sentAt, receivedAt, time) => this.#skew.measure(sentAt, receivedAt, time),
    });
    this.#room = new Room(this.#intake, this.#customers, this.#steady);
    const parts = {
      outbox: this.outbox,
      inMemory: this.#inMemory,
      intake: this.#intake,
      customers: this.#customers,
      mayHaveLeft: (event: UsageEvent | undefined) => this.#dispatch.mayHaveLeft(event),
      nextCommit: this.#nextCommit,
      listeners: this.#listeners,
      reports: this.reports,
      steady: this.#steady,
    };
    this.#claims = new Claims(parts);
    this.#commitResults = new CommitResults({ ...parts, claims: this.#claims });
    outbox.arrivals?.listen(() => this.#arrived());
    if (outbox.durable) this.kick();
  }

  /** This machine's clock minus the receiver's, in milliseconds; undefined until a response has told the receiver's time. */
  get skewMs(): number | undefined {
    return this.#skew.skewMs;
  }

  get skewUncertaintyMs(): number | undefined {
    return this.#skew.uncertaintyMs;
  }

  record(checked: CheckedEvent, lane: Lane): Receipt {
    const refusal = this.#isClosed ? closedRefusal() : this.#refusal(checked, lane);
    if (refusal !== undefined) return this.#waitOrRefuse(checked, lane, refusal);
    // Start the lookup of an unknown customer at once.
    const { tenant_id, event_id } = checked.event;
    if (!this.#hurry && this.#intake.isNew(tenant_id)) this.#hurry = !this.#customers.knows(tenant_id);
    const { segment, index } = this.#intake.add(checked, lane);
    this.#gathered();
    return new EventReceipt(event_id, segment, index);
  }

  /**
   * Puts events into the caller's transaction; they are claimed from the outbox after the commit.
   * @throws MeterError `closed`; `invalid_options` for an outbox without transactions; any error of the outbox
   */
  async recordIn(
    tx: SqlTransaction,
    checked: readonly CheckedEvent[],
    lane: Lane,
  ): Promise<readonly Receipt[]> {
    if (this.#isClosed) throw closedRefusal();
    const { arrivals } = this.outbox;
    if (arrivals === undefined)
      throw MeterError.fromIssues("invalid_options", [
        {
          field: "tx",
          given: `a client with the outbox ${this.outbox.name}`,
          expected: "an outbox in the database of the transaction, such as postgresOutbox",
        },
      ]);
    const insertion = await arrivals.insert(
      tx,
      checked.map(({ event, idGiven, timeGiven }) => ({
        lane,
        event,
        mark: idGiven ? contentMark(event, timeGiven) : undefined,
      })),
    );
    return checked.map(({ event }) => {
      const receipt = new ArrivalReceipt(event.event_id, insertion, this.#waiting, (tell) => {
        if (this.#isStopped) tell({ state: "persisted" });
        else this.#listeners.onIdentity(event, tell);
      });
      this.#listeners.onArrival(event, (outcome) => receipt.decided(outcome));
      return receipt;
    });
  }

  /** Returns the receipt of an invalid input. */
  refuseInput(input: unknown, error: MeterError): Receipt {
    this.reports.refused(input, error);
    return refusedReceipt(input, error);
  }

  parkings(): readonly Parking[] {
    return this.#customers.parkings();
  }

  /** The customer lookup. */
  get lookup(): DestinationStatus {
    return this.#customers.lookup;
  }

  get outboxStatus(): OutboxStatus {
    const { failing, retryAt } = this.#spare ?? {};
    const wall = (time: number): number => Math.round(this.#clock.now() + time - this.#steady());
    return {
      name: this.outbox.name,
      state: failing === undefined ? "open" : "retrying",
      reason: failing?.reason,
      since: failing === undefined ? undefined : wall(failing.since),
      retryAt: retryAt === undefined ? undefined : wall(retryAt),
    };
  }

  destinations(): readonly DestinationStatus[] {
    return this.#dispatch.statuses();
  }

  /** Tries at once everything that waits: blocked destinations, parked tenants, events of other owners. */
  retryNow(): void {
    this.#customers.retryNow();
    this.#claims.ask();
    this.#dispatch.retryNow();
    this.kick();
  }

  /**
   * Hands pending events to their transports before this call returns, for a page that closes, even if the outbox has not stored them yet.
   * Uses only transports that outlive the page and whose receiver deduplicates; all other events stay in the outbox.
   */
  sendNow(): void {
    // What is recorded later must not count as sent.
    this.#intake.seal();
    const unstored = [...this.#intake.gathered(), ...this.#inMemory.segments].filter(
      ({ id, open }) => id === "" && open > 0,
    );
    this.#dispatch.sendNow(unstored, this.durable && this.#spare?.isDown === false);
    // The page may end before the next commit is due.
    this.#hurry = true;
    this.kick();
  }

  session(change: SessionChange): Promise<SessionAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<SessionAnswer>();
    this.#nextCommit.session({ change, resolve, reject });
    this.kick();
    return promise;
  }

  async redrive(selection: OutboxSelection): Promise<number> {
    await this.idle();
    const count = await this.outbox.redrive(selection);
    if (count > 0) this.#expectClaim();
    return count;
  }

  async refute(refutations: readonly Refutation[]): Promise<readonly RefutationState[]> {
    await this.idle();
    const states: RefutationState[] = [];
    for (let from = 0; from < refutations.length; from += REFUTATIONS_AT_ONCE)
      states.push(...(await this.outbox.refute(refutations.slice(from, from + REFUTATIONS_AT_ONCE))));
    return states;
  }

  async standing(identity: EventIdentity): Promise<Standing | undefined> {
    await this.idle();
    return this.outbox.standing(identity);
  }

  async correct(request: CorrectionRequest): Promise<Corrected["state"]> {
    const { state, left } = await this.outbox.correct(request);
    if (left !== undefined) {
      this.#inMemory.letGo(left.segment);
      // What was replaced ends as any other.
      if (state !== "replaced")
        this.#listeners.tellByKey(left.key, { state: "discarded", reason: request.reason });
    }
    if (left !== undefined || state === "recorded" || state === "replaced") this.#expectClaim();
    return state;
  }

  /** Resolves when everything gathered is stored, or refused by the outbox. */
  async idle(): Promise<void> {
    this.#hurry = true;
    do {
      this.kick();
      await this.#running;
    } while (this.#hasWork);
  }

  /**
   * Resolves with true when everything accepted before the call, and everything that can be claimed, is settled; with false after
   * `timeoutMs`.
   */
  flush(timeoutMs: number): Promise<boolean> {
    // Includes what an earlier process left in the outbox.
    if (this.durable && this.#spare?.isDown === false) this.#expectClaim();
    return this.#drain(timeoutMs);
  }

  /** Stops recording, delivers for up to `timeoutMs`, then stops. Call it once. */
  async close(timeoutMs: number): Promise<Closing> {
    const before = this.#commitResults.acknowledged;
    this.#isClosed = true;
    for (const { checked, place } of this.#waitingForRoom.empty())
      this.#turnAway(checked, place, closedRefusal());
    // Without time, what is sent now would only be cut off.
    if (timeoutMs > 0) await this.#drain(timeoutMs);
    this.#isStopped = true;
    const left = await this.#within(CLOSE_GRACE_MS, this.#stop());
    this.#wake.stop();
    this.#cancelLanding?.();
    this.#flushes.settledBefore(Number.POSITIVE_INFINITY);
    const nowhere = { persisted: 0, lost: 0, quarantined: 0, rejected: 0 };
    const unknown = this.durable ? nowhere : { ...nowhere, lost: this.#inMemory.events };
    for (const segment of [...this.#inMemory.segments, ...this.#intake.gathered()])
      segment.close({
        state: this.durable && segment.id !== "" && !segment.isVolatile ? "persisted" : "lost",
      });
    this.#listeners.tellAll({ state: this.durable ? "persisted" : "lost" });
    this.#waiting.end(this.durable && this.#spare?.failing === undefined ? "persisted" : "lost");
    this.#hold.set(false);
    this.reports.close();
    return {
      acknowledged: this.#commitResults.acknowledged - before,
      ...(left ?? unknown),
      refused: Object.fromEntries(this.reports.refusals),
    };
  }

  /** What closing leaves, when nothing is in flight any more. */
  async #stop(): Promise<Omit<Closing, "acknowledged" | "refused">> {
    for (const slice of await this.#dispatch.close()) if (slice.attempts > 0) this.#nextCommit.release(slice);
    this.#customers.close();
    await this.idle();
    const volatile = await this.#volatile();
    try {
      const { pending } = await this.outbox.accounts();
      await this.outbox.close();
      const { pending: lost, rejected, quarantined } = volatile;
      return { persisted: pending - lost, lost, rejected, quarantined };
    } catch (error) {
      this.reports.warn(`the outbox did not close: ${messageOf(error)}`);
      const { pending: lost, rejected, quarantined } = volatile;
      return { persisted: 0, lost, rejected, quarantined };
    }
  }

  async #volatile(): Promise<Account> {
    if (this.#spare !== undefined) return this.#spare.volatile();
    return this.outbox.accounts();
  }

  #withSpare(outbox: Outbox, random: () => number): SpareOutbox {
    return new SpareOutbox(outbox, {
      steady: this.#steady,
      delayMs: (failures) => backoffMs(failures, STORE_RETRY_CAP_MS, random),
      failed: (error) => this.reports.volatile(error),
      recovered: () => {
        this.#expectClaim();
        this.reports.emitter.emit("durable", { outbox: outbox.name });
      },
    });
  }

  // Coming in

  #refusal(checked: CheckedEvent, lane: Lane): MeterError | undefined {
    const refusal = this.#room.refusal(checked, lane);
    // Others may have made room in the meantime: a shared outbox is asked again.
    if (refusal !== undefined && this.durable && this.#room.ask()) this.kick();
    return refusal;
  }

  #waitOrRefuse(checked: CheckedEvent, lane: Lane, refusal: MeterError): Receipt {
    const mayWait = this.#delivery.onFull === "block" && !this.#isClosed;
    if (!mayWait || this.#waitingForRoom.isFull) {
      this.reports.refused(checked.event, refusal);
      return refusedReceipt(checked.event, refusal);
    }
    const place = this.#intake.segment(lane, checked.event.tenant_id);
    this.#waitingForRoom.wait({ checked, lane, place });
    return new EventReceipt(checked.event.event_id, place, 0);
  }

  /** There may be room again: lets waiting events in, in order. */
  #letIn(): void {
    this.#waitingForRoom.letIn(
      ({ checked, lane }) => this.#refusal(checked, lane) === undefined,
      ({ checked, lane, place }) => {
        const { segment, index } = this.#intake.add(checked, lane);
        place.becomes(segment, index);
      },
    );
  }

  #turnAway({ event }: CheckedEvent, place: Segment, error: MeterError): void {
    this.reports.refused(event, error);
    place.absent({ durable: { ok: false, reason: "refused", error }, settled: { state: "refused", error } });
  }

  #gathered(): void {
    this.#keepAlive.keep();
    if (this.#running !== undefined) return;
    const isFirst = this.#intake.events === 1;
    if (this.#isCommitWanted || (isFirst && this.#isCommitLate)) this.kick();
    else if (isFirst) {
      this.#dispatch.giveUpOverdue(this.#steady());
      this.#scheduleWake();
    }
  }

  /** With many small batches on the way, those that land within a moment are settled, and others leased, by one commit. */
  #landed(): void {
    if (this.#dispatch.inFlight < MANY_IN_FLIGHT) this.kick();
    else
      this.#cancelLanding ??= this.#clock.schedule(0, () => {
        this.#cancelLanding = undefined;
        this.kick();
      });
  }

  #somebodyWaits(): void {
    this.#hold.set(!this.#isStopped);
    // The commit finds out whether it is a repeat.
    this.#hurry = true;
    this.kick();
  }

  // The loop

  /** Starts the loop unless it is running. */
  kick(): void {
    this.#isKicked = true;
    this.#running ??= this.#runAll();
  }

  async #runAll(): Promise<void> {
    // Not synchronously: the caller may be about to record more.
    await Promise.resolve();
    while (this.#isKicked) {
      this.#isKicked = false;
      try {
        await this.#run();
      } catch (error) {
        this.reports.warn(`the engine failed: ${error instanceof Error ? error.stack : String(error)}`);
      }
    }
    this.#hurry = false;
    this.#running = undefined;
    this.#hold.set(this.#waiting.isAny && !this.#isStopped);
    this.#checkFlushes();
    this.#scheduleWake();
  }

  get #hasWork(): boolean {
    return !this.#nextCommit.isEmpty || this.#isCommitDue || this.#isPostponedDue;
  }

  get #isCommitDue(): boolean {
    return this.#intake.events > 0 && (this.#isCommitWanted || this.#isCommitLate);
  }

  get #isCommitLate(): boolean {
    return this.#steady() >= this.#commitAt;
  }

  /** When to commit what is gathered, in steady time. */
  get #commitAt(): number {
    if (this.durable) return this.#committedAt + BETWEEN_COMMITS_MS;
    return (this.#intake.openedAt ?? 0) + this.#commitAfterMs;
  }

  /** In memory, a segment had better be as large as a batch. */
  get #takesUnsealed(): boolean {
    return this.durable || this.#hurry || this.#intake.unsealed >= this.#commitAtEvents || this.#isCommitLate;
  }

  /** Whether to commit what is gathered before its time. */
  get #isCommitWanted(): boolean {
    return this.#hurry || this.#intake.hasSealed || this.#intake.events >= this.#commitAtEvents;
  }

  get #isPostponedDue(): boolean {
    if (this.#spare?.isDown !== false) return false;
    return this.#nextCommit.hasPostponed || this.#nextCommit.hasStranded;
  }

  /** Whether to try an outbox that failed again. */
  get #isRetryDue(): boolean {
    return this.#spare?.retryAt !== undefined && !this.#spare.isDown;
  }

  async #run(): Promise<void> {
    let isFirst = true;
    while (isFirst || this.#hasWork) {
      if (!this.#isOpen) await this.#open();
      // Whatever started the loop, commit what is gathered as well.
      const transaction = this.#gather(isFirst);
      if (this.#room.isAsked || this.#isRetryDue || !isEmpty(transaction)) await this.#commit(transaction);
      isFirst = false;
      this.#takeDecided();
      if (this.#claims.isDue && !this.#isStopped) {
        await this.#claim();
        this.#takeDecided();
      }
      // One time for both: what is not due for one must not be overdue for the other.
      this.#lookedAt = this.#steady();
      if (!this.#isStopped)
        this.#dispatch.send(this.#lookedAt, this.#flushes.isAny, this.#spare?.isDown === true);
      this.#letIn();
    }
  }

  async #open(): Promise<void> {
    // A volatile outbox cannot fail to open; a durable one is reopened by its spare.
    this.#heard(await this.outbox.open());
    this.#isOpen = true;
  }

  #gather(isAll: boolean): Transaction {
    if (this.#isPostponedDue) this.#dispatch.putBack(this.#nextCommit.takeStranded());
    const isDue = isAll || this.#isCommitDue || (this.durable && !this.#nextCommit.isEmpty);
    const segments = isDue ? this.#intake.take(this.#takesUnsealed) : [];
    this.#room.commits(segments);
    for (const segment of segments) this.#inMemory.enter(segment);
    const append = segments.map((segment) => this.#newSegment(segment));
    return this.#nextCommit.take(this.#clock.now(), segments, append, this.#spare?.isDown !== true);
  }

  #newSegment(segment: Segment): NewSegment {
    const { events, bytes, lane, tenant_id, given, idsSince, sums } = segment;
    return {
      count: events.length,
      bytes,
      lane,
      tenant_id,
      body: events,
      ...sums,
      ids: events,
      given,
      ids_since: idsSince,
      hold: this.#mayHold(segment),
      mayGoUnchecked: given.length > 0 && this.#allDeduplicate(segment),
    };
  }

  #mayHold(segment: Segment): boolean {
    if (segment.isAhead) return true;
    const { tenant_id } = segment;
    if (tenant_id !== "" && this.#customers.isParked(tenant_id)) return false;
    return this.#inMemory.mayHold(segment, this.#intake.loadOf(tenant_id), this.#intake.tenants);
  }

  #allDeduplicate({ events, given }: Segment): boolean {
    return given.every(({ index }) => {
      const event = events[index];
      const leaf = event === undefined ? undefined : leafTransport(this.#transport, event);
      return leaf?.fault === undefined && Boolean(leaf?.transport.receiver?.dedup);
    });
  }

  async #commit(transaction: Transaction): Promise<void> {
    const commit = await this.outbox.commit(transaction.changes);
    this.#committedAt = this.#steady();
    this.#room.committed();
    this.#heard(commit);
    this.#commitResults.passOn(transaction, commit, this.#clock.now());
    this.#checkFlushes();
  }

  #takeDecided(): void {
    const { ready, parked, parkings, unparked, released, lookup } = this.#customers.take();
    for (const slice of ready) this.#dispatch.enqueue(slice);
    for (const slice of parked) {
      this.#nextCommit.spill(slice);
      this.#inMemory.leave(slice);
    }
    const { emitter } = this.reports;
    for (const parking of parkings) emitter.emit("parked", parking);
    for (const tenant_id of unparked) emitter.emit("unparked", { tenant_id });
    if (released) this.#expectClaim();
    for (const change of lookup) emitter.emit(change, this.#customers.lookup);
  }

  async #claim(): Promise<void> {
    while (!this.#isStopped) {
      const request = { now: this.#clock.now(), skipTenants: this.#customers.parkedTenants };
      const claimed = await this.#claims.next(request, () => this.#spare?.isDown === true);
      if (claimed === undefined) return;
      this.#heard(claimed);
      for (const slice of this.#claims.enter(claimed)) this.#customers.admit(slice);
      if (!this.#claims.hasMore) this.#checkFlushes();
      // The last claim leaves room for more, or its customers are looked up first.
      if (!this.#claims.hasMore || claimed.segments.length === 0) return;
    }
  }

  #scheduleWake(): void {
    if (this.#isStopped) return;
    const now = this.#steady();
    const at = Math.min(
      this.#dispatch.wakeAt(this.#lookedAt) ?? Number.POSITIVE_INFINITY,
      this.#claims.wakeAt(this.#lookedAt),
      this.#intake.events === 0 ? Number.POSITIVE_INFINITY : this.#commitAt,
      this.#spare?.retryAt ?? Number.POSITIVE_INFINITY,
      !this.#waitingForRoom.isEmpty && this.durable ? now + ASK_ROOM_INTERVAL_MS : Number.POSITIVE_INFINITY,
    );
    // A program that ends in the meantime stays until what it recorded is stored.
    const isUnstored = this.durable && this.#intake.events > 0;
    this.#wake.set(at, this.#waiting.isAny || isUnstored);
  }

  // Waiting for all

  #arrived(): void {
    if (this.#isStopped) return;
    this.#claims.arrived();
    if (this.#running === undefined) this.#scheduleWake();
  }

  #expectClaim(): void {
    this.#claims.expect();
    this.kick();
  }

  async #drain(timeoutMs: number): Promise<boolean> {
    const { settled, cancel } = this.#flushes.until(this.#intake.lastNumber);
    if (this.durable) this.#claims.ask();
    this.#hurry = true;
    this.kick();
    const done = await this.#within(
      timeoutMs,
      settled.then(() => true),
    );
    cancel();
    return done === true && this.#customers.parkedTenants.length === 0;
  }

  #checkFlushes(): void {
    if (
      !this.#flushes.isAny ||
      this.#claims.hasMore ||
      this.#nextCommit.hasPostponed ||
      !this.#waitingForRoom.isEmpty
    )
      return;
    if (this.#claims.isAsked && this.#spare?.isDown !== true) return;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { number } of [...this.#inMemory.segments, ...this.#intake.gathered()])
      oldest = Math.min(oldest, number);
    this.#flushes.settledBefore(oldest);
  }

  /** Returns what comes in time, else undefined. Keeps the process alive meanwhile. */
  async #within<Value>(timeoutMs: number, work: Promise<Value>): Promise<Value | undefined> {
    const late = Promise.withResolvers<undefined>();
    const cancel = this.#clock.schedule(timeoutMs, () => late.resolve(undefined), { holdProcess: true });
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      cancel();
    }
  }

  #heard(opening: OutboxOpening): void {
    this.#room.heard(opening);
    for (const message of opening.warnings) this.reports.warn(message);
  }
}

const UNBOUNDED = { events: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

const isEmpty = ({ changes: { end, release, spill, append, lease, sessions } }: Transaction): boolean =>
  end.length + release.length + spill.length + append.length + lease.length + sessions.length === 0;
