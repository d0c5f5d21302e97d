import type { Ending, Lease, NewSegment, OutboxChanges, Span, Undone } from "../../log/outbox/outbox.ts";
import type { SessionAnswer, SessionChange } from "../../log/outbox/outbox-session.ts";
import type { Settlement } from "../receipts/receipt.ts";
import type { Segment } from "../segments/segment.ts";
import type { Slice } from "../segments/slice.ts";

/** An ending to be stored, then reported. */
export interface Settled {
  readonly slice: Slice;
  readonly outcome: Settlement;
  /** The ending of each event, if they differ. */
  readonly each: readonly Settlement[] | undefined;
  readonly ending: Ending;
  /** Whether an earlier commit of it failed, and may have stored it. */
  readonly isRepeat?: boolean;
}

/** A batch that is sent when its leases are stored. */
export interface Leased {
  readonly slices: readonly Slice[];
  readonly leases: readonly Lease[];
  /** Sends the allowed slices; the others no longer belong to this process, or cannot be leased now. */
  readonly send: (slices: readonly Slice[]) => void;
  /** Whether sending is decided: by its lease, or without waiting because a page closes. */
  isGone: boolean;
}

export interface SessionCall {
  readonly change: SessionChange;
  readonly resolve: (answer: SessionAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** The changes of one transaction, and who waits for them. */
export interface Transaction {
  readonly changes: OutboxChanges;
  readonly settled: readonly Settled[];
  readonly segments: readonly Segment[];
  readonly leased: readonly Leased[];
  readonly sessions: readonly SessionCall[];
}

/** Gathers what the next commit changes, besides new segments. */
export class NextCommit {
  #settled: Settled[] = [];
  #release: Lease[] = [];
  #spill: Span[] = [];
  #leased: Leased[] = [];
  /** The changes of the last transaction, which may still run. */
  #leasing: readonly Leased[] = [];
  #sessions: SessionCall[] = [];
  /** What a failing outbox did not do, kept until it works again. */
  #postponed: Pick<Transaction, "settled"> & {
    readonly release: readonly Lease[];
    readonly spill: readonly Span[];
  } = NOTHING;
  #stranded: Slice[] = [];

  get isEmpty(): boolean {
    return (
      this.#settled.length +
        this.#release.length +
        this.#spill.length +
        this.#leased.length +
        this.#sessions.length ===
      0
    );
  }

  get hasPostponed(): boolean {
    return this.#postponed !== NOTHING;
  }

  get hasStranded(): boolean {
    return this.#stranded.length > 0;
  }

  /** Batches that wait for their leases. */
  get leased(): readonly Leased[] {
    return [...this.#leasing, ...this.#leased];
  }

  settle(settled: Settled): void {
    this.#settled.push(settled);
  }

  release(slice: Slice): void {
    this.#release.push(slice.lease);
  }

  spill(slice: Slice): void {
    this.#spill.push(slice.span);
  }

  lease(leased: Leased): void {
    this.#leased.push(leased);
  }

  /** It cannot be leased while the outbox fails. */
  strand(slice: Slice): void {
    this.#stranded.push(slice);
  }

  takeStranded(): readonly Slice[] {
    return this.#stranded.splice(0);
  }

  session(call: SessionCall): void {
    this.#sessions.push(call);
  }

  /** Takes everything, with the new segments. */
  take(
    now: number,
    segments: readonly Segment[],
    append: readonly NewSegment[],
    withPostponed: boolean,
  ): Transaction {
    const postponed = withPostponed ? this.#postponed : NOTHING;
    if (withPostponed) this.#postponed = NOTHING;
    const settled = [...postponed.settled, ...this.#settled];
    const leased = this.#leased;
    const sessions = this.#sessions;
    const changes: OutboxChanges = {
      now,
      end: settled.map(({ ending }) => ending),
      release: [...postponed.release, ...this.#release],
      spill: [...postponed.spill, ...this.#spill],
      append,
      lease: leased.flatMap(({ leases }) => leases),
      sessions: sessions.map(({ change }) => change),
    };
    this.#settled = [];
    this.#release = [];
    this.#spill = [];
    this.#leasing = leased;
    this.#leased = [];
    this.#sessions = [];
    return { changes, settled, segments, leased, sessions };
  }

  /** Outcomes remain true and are written by a later commit. Everything else is decided by its waiter. */
  postpone({ settled }: Transaction, { end, release, spill }: Undone): void {
    const undone = new Set(end);
    const { settled: before, release: releases, spill: spills } = this.#postponed;
    const failed = settled.filter(({ ending }) => undone.has(ending));
    const still = [...before, ...failed.map((each) => ({ ...each, isRepeat: true }))];
    if (still.length + releases.length + release.length + spills.length + spill.length === 0) return;
    this.#postponed = { settled: still, release: [...releases, ...release], spill: [...spills, ...spill] };
  }
}

const NOTHING = { settled: [], release: [], spill: [] };
