import type { EventRecord } from "../event/event-record.ts";
import type { Clock } from "../strategies/clock.ts";
import type {
  Append,
  Appended,
  Claimed,
  ClaimRequest,
  Outbox,
  OutboxCommit,
  OutboxOpening,
} from "../strategies/outbox.ts";
import type { SessionAnswer, SessionChange } from "../strategies/outbox-session.ts";
import { backoffMs, type Random } from "./backoff.ts";
import { type Awaited, GatheredChanges, type Lease, type Transaction } from "./gathered-changes.ts";
import type { Settlement } from "./settlement.ts";
import { steadyTime } from "./steady-time.ts";

/** What the writer asks, and what it tells when a transaction is done. */
export interface OutboxWriterEvents {
  /** Decides, at the moment of writing, whether the event stays in memory. */
  hold(event: EventRecord): boolean;
  opened(opening: OutboxOpening): void;
  appended(event: EventRecord, answer: Appended, held: boolean): void;
  /** The store did not take them. */
  appendFailed(events: readonly EventRecord[]): void;
  /** The outcome is stored. */
  settled(event: EventRecord, outcome: Settlement): void;
  /** A first failure, and the first success after it. */
  storeFailed(error: unknown): void;
  storeRecovered(): void;
  /** Everything gathered so far is written: time to gather more. */
  written(): void;
}

const STORE_RETRY_CAP_MS = 30_000;

/**
 * Gathers changes for one outbox and writes them in one transaction after the other: what comes in while a transaction is
 * under way goes into the next one (group commit). While the store fails, settlements wait for it to come back.
 */
export class OutboxWriter {
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #steady: () => number;
  readonly #random: Random;
  readonly #events: OutboxWriterEvents;

  readonly #gathered = new GatheredChanges();
  #claims: Awaited<ClaimRequest, Claimed>[] = [];
  /** On its way into the store. */
  #appending: readonly Append[] = [];
  #pendingEvents = 0;
  #pendingBytes = 0;
  #open = false;
  #running = false;
  #failures = 0;
  #retryAt = 0;
  #cancelRetry: (() => void) | undefined;
  #idle: (() => void)[] = [];

  constructor(outbox: Outbox, clock: Clock, random: Random, events: OutboxWriterEvents) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#steady = steadyTime(clock);
    this.#random = random;
    this.#events = events;
  }

  /** Pending in the store by its last word, and what is on the way to it. */
  get pendingEvents(): number {
    return this.#pendingEvents + this.#gathered.appends.length;
  }

  get pendingBytes(): number {
    return this.#pendingBytes + this.#gathered.bytes;
  }

  /** Recorded but not yet in the store. */
  get bufferedEvents(): number {
    return this.#gathered.appends.length;
  }

  get bufferedBytes(): number {
    return this.#gathered.bytes;
  }

  /** Recorded, and not known to be in the store. */
  get unstored(): readonly EventRecord[] {
    return [...this.#appending.map(({ event }) => event), ...this.#gathered.appends];
  }

  /** Whether the store failed and is not to be asked yet. */
  get down(): boolean {
    return this.#failures > 0 && this.#steady() < this.#retryAt;
  }

  append(event: EventRecord): void {
    this.#gathered.append(event);
    if (!this.#running) this.kick();
  }

  settle(event: EventRecord, outcome: Settlement): void {
    this.#gathered.settle(event, outcome);
  }

  release(event: EventRecord): void {
    this.#gathered.release(event);
  }

  unhold(event: EventRecord): void {
    this.#gathered.unhold(event);
  }

  lease(lease: Lease): void {
    this.#gathered.lease(lease);
  }

  session(input: SessionChange): Promise<SessionAnswer> {
    return new Promise((resolve, reject) => {
      this.#gathered.session({ input, resolve, reject });
      this.kick();
    });
  }

  claim(input: ClaimRequest): Promise<Claimed> {
    return new Promise((resolve, reject) => {
      this.#claims.push({ input, resolve, reject });
      this.kick();
    });
  }

  /** Starts writing what was gathered, unless it is being written. */
  kick(): void {
    if (this.#running) return;
    this.#running = true;
    queueMicrotask(() => void this.#run());
  }

  /** Resolves when nothing is left to write, or the store does not take it. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.kick();
    });
  }

  /** No more retries of a failing store. */
  stop(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  async #run(): Promise<void> {
    let more = true;
    while (more) {
      while (this.#hasWork && !this.down) {
        const step = this.#step();
        if (step !== undefined) await step;
      }
      if (this.down) this.#turnAway();
      this.#events.written();
      // Being told may have made more to write: the leases of the next batches.
      more = this.#hasWork && !this.down;
    }
    this.#running = false;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  get #hasWork(): boolean {
    return !this.#open || this.#claims.length > 0 || !this.#gathered.isEmpty;
  }

  /** One call of the store. A promise only if the store needs time. */
  #step(): Promise<void> | undefined {
    if (!this.#open) {
      return this.#call(
        () => this.#outbox.open(),
        (opening) => this.#opened(opening),
        () => {},
      );
    }
    // Rows are let go before others are claimed, so that a claim sees them.
    return this.#gathered.isEmpty ? this.#claimNext() : this.#write();
  }

  #write(): Promise<void> | undefined {
    const transaction = this.#gathered.take(this.#clock.now(), (event) => this.#events.hold(event));
    const { changes, leases, sessions } = transaction;
    this.#appending = changes.append;
    return this.#call(
      () => this.#outbox.commit(changes),
      (commit) => this.#committed(transaction, commit),
      (error) => {
        this.#appending = [];
        this.#gathered.putBack(transaction);
        this.#events.appendFailed(changes.append.map(({ event }) => event));
        for (const lease of leases) lease.failed();
        for (const session of sessions) session.reject(error);
      },
    );
  }

  #claimNext(): Promise<void> | undefined {
    const claim = this.#claims.shift();
    if (claim === undefined) return undefined;
    return this.#call(() => this.#outbox.claim(claim.input), claim.resolve, claim.reject);
  }

  #call<Answer>(
    call: () => Answer | PromiseLike<Answer>,
    done: (answer: Answer) => void,
    failed: (error: unknown) => void,
  ): Promise<void> | undefined {
    const fail = (error: unknown) => {
      this.#failed(error);
      failed(error);
    };
    const succeed = (answer: Answer) => {
      this.#succeeded();
      done(answer);
    };
    let answer: Answer | PromiseLike<Answer>;
    try {
      answer = call();
    } catch (error) {
      fail(error);
      return undefined;
    }
    if (isPromise(answer)) return Promise.resolve(answer).then(succeed, fail);
    succeed(answer);
    return undefined;
  }

  #opened(opening: OutboxOpening): void {
    this.#open = true;
    this.#pendingEvents = opening.pendingEvents;
    this.#pendingBytes = opening.pendingBytes;
    this.#events.opened(opening);
  }

  #committed({ changes, settled, leases, sessions }: Transaction, commit: OutboxCommit): void {
    this.#appending = [];
    this.#pendingEvents = commit.pendingEvents;
    this.#pendingBytes = commit.pendingBytes;
    for (const { event, outcome } of settled) this.#events.settled(event, outcome);
    changes.append.forEach(({ event, hold }, index) => {
      const answer = commit.appended[index];
      if (answer !== undefined) this.#events.appended(event, answer, hold);
    });
    for (const lease of leases) lease.stored(commit.taken ?? []);
    sessions.forEach(({ resolve }, index) => {
      resolve(commit.sessions[index] ?? { state: "gone" });
    });
  }

  #failed(error: unknown): void {
    this.#failures++;
    const delay = backoffMs(this.#failures, STORE_RETRY_CAP_MS, this.#random);
    this.#retryAt = this.#steady() + delay;
    this.stop();
    this.#cancelRetry = this.#clock.schedule(delay, () => this.kick());
    if (this.#failures === 1) this.#events.storeFailed(error);
  }

  #succeeded(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#events.storeRecovered();
  }

  /** While the store is away, nothing new waits for it. */
  #turnAway(): void {
    const { appends, leases, sessions } = this.#gathered.takeImpatient();
    if (appends.length > 0) this.#events.appendFailed(appends);
    for (const lease of leases) lease.failed();
    const awaited = [...sessions, ...this.#claims];
    this.#claims = [];
    for (const { reject } of awaited)
      reject(new Error(`the outbox ${this.#outbox.name} does not work at the moment`));
  }
}

const isPromise = <Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> =>
  typeof value === "object" && value !== null && "then" in value;
