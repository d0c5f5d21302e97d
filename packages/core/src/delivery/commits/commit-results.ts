import type { AppendException, Appended, NewSegment, OutboxCommit, Span } from "../../log/outbox/outbox.ts";
import type { Customers } from "../customers/customers.ts";
import { refusalOf, repeatOf } from "../intake/not-recorded.ts";
import type { SettledOutcome } from "../receipts/receipt.ts";
import type { Reports } from "../reports/reports.ts";
import type { EventsInMemory } from "../segments/events-in-memory.ts";
import type { FateListeners } from "../segments/fate-listeners.ts";
import type { Absent, Segment } from "../segments/segment.ts";
import { Slice, UNSENT } from "../segments/slice.ts";
import type { Claims } from "./claims.ts";
import type { NextCommit, Transaction } from "./next-commit.ts";

export interface CommitResultsOptions {
  readonly outbox: { readonly name: string; readonly durable: boolean };
  readonly inMemory: EventsInMemory;
  readonly customers: Customers;
  readonly claims: Claims;
  readonly nextCommit: NextCommit;
  readonly listeners: FateListeners;
  readonly reports: Reports;
}

/** Passes on what a commit stored, settled and leased, to those who wait for it. */
export class CommitResults {
  readonly #options: CommitResultsOptions;
  #acknowledged = 0;

  constructor(options: CommitResultsOptions) {
    this.#options = options;
  }

  /** Events acknowledged so far. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** @param now - wall-clock time after the commit */
  passOn(transaction: Transaction, commit: OutboxCommit, now: number): void {
    const { nextCommit, outbox } = this.#options;
    this.#settled(transaction, commit);
    transaction.segments.forEach((segment, i) => {
      const appended = commit.appended[i];
      const given = transaction.changes.append[i];
      if (appended !== undefined && given !== undefined) this.#stored(segment, appended, given, now);
    });
    this.#leased(transaction, commit);
    transaction.sessions.forEach(({ resolve, reject }, i) => {
      const answer = commit.sessions[i];
      if (answer !== undefined) resolve(answer);
      else reject(new Error(`the outbox ${outbox.name} does not work at the moment`));
    });
    if (commit.undone !== undefined) nextCommit.postpone(transaction, commit.undone);
  }

  #settled({ settled }: Transaction, { undone, taken }: OutboxCommit): void {
    const { inMemory, listeners, reports } = this.#options;
    const { emitter } = reports;
    const later = new Set(undone?.end);
    for (const { slice, outcome, each, ending, isRepeat } of settled) {
      if (later.has(ending)) continue;
      const { segment, from, to } = slice;
      // The outbox may know of a repeated ending already; it is true in any case.
      if (isTaken(slice, taken) && isRepeat !== true) {
        inMemory.leave(slice);
        continue;
      }
      listeners.tell(slice, outcome, each);
      inMemory.exit(slice, ending.sums);
      const events = emitter.has(outcome.state) ? [...slice.events()] : [];
      segment.end(
        from,
        to,
        outcome.state === "acknowledged" ? ACKNOWLEDGED : outcome,
        each ?? repeated(outcome, to - from),
      );
      if (outcome.state === "acknowledged") this.#acknowledged += to - from;
      events.forEach((event, i) => {
        const own = each?.[i] ?? outcome;
        if (own.state === "acknowledged") emitter.emit("acknowledged", { event, outcome: own });
        else emitter.emit(own.state, { event, reason: own.reason, status: own.status });
      });
    }
  }

  #stored(segment: Segment, appended: Appended, given: NewSegment, now: number): void {
    const { inMemory, customers, claims } = this.#options;
    const absent = new Map(appended.exceptions.map((each) => [each.index, this.#absent(segment, each)]));
    for (const index of absent.keys()) inMemory.forget(segment, index);
    const rest = segment.stored(appended, now, absent);
    inMemory.replace(segment, rest);
    if (rest.open === 0) return;
    const slice = new Slice(rest, 0, rest.events.length, UNSENT, rest.bytes);
    if (appended.unknown) inMemory.leaveUnknown(slice);
    else if (rest.isAhead) return;
    else if (given.hold || rest.isVolatile) customers.admit(slice);
    else {
      const { tenant_id } = rest;
      if (customers.isParked(tenant_id)) customers.countParked(tenant_id, slice.size, slice.bytes);
      else claims.left();
      inMemory.leave(slice);
    }
  }

  /** Decides what happens to an event that was not recorded. */
  #absent(segment: Segment, exception: AppendException): Absent {
    const { outbox, listeners, reports } = this.#options;
    const event = segment.events[exception.index];
    if (exception.state === "repeat")
      return repeatOf(exception, outbox.durable, () => {
        const { promise, resolve } = Promise.withResolvers<SettledOutcome>();
        if (event !== undefined) listeners.onIdentity(event, resolve);
        return promise;
      });
    const error = refusalOf(exception, event, outbox.name);
    reports.refused(event, error);
    return { durable: { ok: false, reason: "refused", error }, settled: { state: "refused", error } };
  }

  #leased({ leased }: Transaction, { undone, taken }: OutboxCommit): void {
    const { inMemory, nextCommit } = this.#options;
    const later = new Set(undone?.lease);
    for (const each of leased) {
      // Sent by a page that closes: its result settles it, whatever happened to the lease.
      if (each.isGone) continue;
      each.isGone = true;
      const { slices, leases, send } = each;
      const leave: Slice[] = [];
      slices.forEach((slice, i) => {
        const lease = leases[i];
        if (lease !== undefined && later.has(lease)) nextCommit.strand(slice);
        else if (isTaken(slice, taken)) inMemory.leave(slice);
        else leave.push(slice);
      });
      send(leave);
    }
  }
}

const ACKNOWLEDGED: SettledOutcome = /* @__PURE__ */ Object.freeze({ state: "acknowledged" });

/** Notifies only those who asked before the result came. */
const repeated = (outcome: SettledOutcome, count: number): readonly SettledOutcome[] | undefined =>
  count === 1 ? [outcome] : undefined;

/** Whether another owner has it now. */
const isTaken = ({ segment, from, to }: Slice, taken: readonly Span[]): boolean =>
  taken.some((span) => span.segment === segment.id && span.from === from && span.to === to);
