import type { EventRecord } from "../event/event-record.ts";
import type { Append, Burial, OutboxChanges } from "../strategies/outbox.ts";
import type { SessionAnswer, SessionChange } from "../strategies/outbox-session.ts";
import type { Settlement } from "./settlement.ts";

/** A batch whose leases must be stored before it leaves. */
export interface Lease {
  readonly events: readonly EventRecord[];
  /** `taken`: those that another owner has now. */
  readonly stored: (taken: readonly EventRecord[]) => void;
  readonly failed: () => void;
}

/** A call of the outbox that somebody waits for. */
export interface Awaited<Input, Answer> {
  readonly input: Input;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface Settled {
  readonly event: EventRecord;
  readonly outcome: Settlement;
}

/** The changes of one transaction, with whoever waits for them. */
export interface Transaction {
  readonly changes: OutboxChanges;
  readonly settled: readonly Settled[];
  readonly leases: readonly Lease[];
  readonly sessions: readonly Awaited<SessionChange, SessionAnswer>[];
}

const MAX_APPENDS = 2_000;

/** What is to be written next. */
export class GatheredChanges {
  #appends: EventRecord[] = [];
  #bytes = 0;
  #settled: Settled[] = [];
  #release: EventRecord[] = [];
  #unhold: EventRecord[] = [];
  #leases: Lease[] = [];
  #sessions: Awaited<SessionChange, SessionAnswer>[] = [];

  /** New events. */
  get appends(): readonly EventRecord[] {
    return this.#appends;
  }

  /** Bytes of the new events. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return (
      this.#appends.length +
        this.#leases.length +
        this.#settled.length +
        this.#release.length +
        this.#unhold.length +
        this.#sessions.length ===
      0
    );
  }

  append(event: EventRecord): void {
    this.#appends.push(event);
    this.#bytes += event.bytes;
  }

  settle(event: EventRecord, outcome: Settlement): void {
    this.#settled.push({ event, outcome });
  }

  release(event: EventRecord): void {
    this.#release.push(event);
  }

  unhold(event: EventRecord): void {
    this.#unhold.push(event);
  }

  lease(lease: Lease): void {
    this.#leases.push(lease);
  }

  session(session: Awaited<SessionChange, SessionAnswer>): void {
    this.#sessions.push(session);
  }

  /** Takes everything, of the new events as many as go into one transaction. */
  take(now: number, hold: (event: EventRecord) => boolean): Transaction {
    const settled = this.#settled;
    const leases = this.#leases;
    const sessions = this.#sessions;
    const acknowledge: EventRecord[] = [];
    const bury: Burial[] = [];
    for (const { event, outcome } of settled) {
      if (outcome.state === "acknowledged") acknowledge.push(event);
      else bury.push({ event, state: outcome.state, reason: outcome.reason, status: outcome.status });
    }
    const append: Append[] = this.#takeAppends(MAX_APPENDS).map((event) => ({ event, hold: hold(event) }));
    const changes: OutboxChanges = {
      now,
      acknowledge,
      release: this.#release,
      bury,
      append,
      lease: leases.flatMap(({ events }) => events),
      sessions: sessions.map(({ input }) => input),
      unhold: this.#unhold,
    };
    this.#settled = [];
    this.#release = [];
    this.#unhold = [];
    this.#leases = [];
    this.#sessions = [];
    return { changes, settled, leases, sessions };
  }

  /** A transaction failed: outcomes stay true and are written with a later one. All else is left to whoever waits for it. */
  putBack({ changes, settled }: Transaction): void {
    this.#settled = [...settled, ...this.#settled];
    this.#release = [...changes.release, ...this.#release];
    this.#unhold = [...changes.unhold, ...this.#unhold];
  }

  /** Takes what can go on, or fail, without the store. */
  takeImpatient(): {
    readonly appends: readonly EventRecord[];
    readonly leases: readonly Lease[];
    readonly sessions: readonly Awaited<SessionChange, SessionAnswer>[];
  } {
    const taken = {
      appends: this.#takeAppends(Number.POSITIVE_INFINITY),
      leases: this.#leases,
      sessions: this.#sessions,
    };
    this.#leases = [];
    this.#sessions = [];
    return taken;
  }

  #takeAppends(max: number): EventRecord[] {
    const all = this.#appends;
    const taken = all.length <= max ? all : all.slice(0, max);
    this.#appends = all.length <= max ? [] : all.slice(max);
    for (const event of taken) this.#bytes -= event.bytes;
    return taken;
  }
}
