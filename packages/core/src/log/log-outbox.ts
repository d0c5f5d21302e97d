import { startOfHour } from "../event/hour.ts";
import { seqRanges } from "../event/seq-range.ts";
import { foldDeltas, readAccounts, readLedger } from "./accounts/accounts-and-ledger.ts";
import { readLedgerIds } from "./accounts/ledger-ids.ts";
import { forgetIds } from "./identities/identities.ts";
import { correctEvent, forgetRevisions, standingOf } from "./letters/correct.ts";
import { boundLetters, discardLetters, redriveLetters } from "./letters/dead-letters.ts";
import { eraseTenant } from "./letters/erase.ts";
import { dropKept, refuteEvents } from "./letters/refute.ts";
import type {
  Appended,
  Claimed,
  ClaimRequest,
  Corrected,
  CorrectionRequest,
  Ending,
  Erased,
  EventIdentity,
  Lease,
  Outbox,
  OutboxChanges,
  OutboxCommit,
  OutboxLimits,
  OutboxOpening,
  Refutation,
  RefutationState,
  Span,
  Standing,
} from "./outbox/outbox.ts";
import type {
  BookedRange,
  LedgerId,
  LedgerKey,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
  ProducerRow,
} from "./outbox/outbox-query.ts";
import type { SessionAnswer } from "./outbox/outbox-session.ts";
import { enter, isAlive, newOwner, type Owner, takeOn, takeOver } from "./owners/owner.ts";
import { changeSession, claimSessions } from "./owners/shared-sessions.ts";
import { append } from "./segments/append.ts";
import { takeArrivals } from "./segments/arrivals.ts";
import { Turns } from "./segments/claim-turns.ts";
import { listEvents } from "./segments/list-events.ts";
import { type Arrivals, MayHaveCommitted, type Store, type StoreTransaction } from "./store/store.ts";
import type { CustomerPairs, OwnerRow, SegmentRow, SessionRow } from "./store/tables.ts";
import type { Accounts } from "./sums/account.ts";
import { eventsIn } from "./sums/hour-sums.ts";
import type { LogOptions } from "./transaction/log-options.ts";
import { LogTransaction } from "./transaction/log-transaction.ts";
import { covers } from "./transaction/pieces.ts";
import { type Destiny, missingMeter } from "./transaction/segment-row.ts";

/**
 * An outbox over a store: what happens to events, identities, dead letters, sessions and accounts, whatever store keeps them. Opens and
 * closes the store.
 */
export const logOutbox = (store: Store, options: LogOptions): Outbox => new LogOutbox(store, options);

const FORGET_INTERVAL_MS = 60_000;

class LogOutbox implements Outbox {
  readonly name: string;
  readonly durable: boolean;
  readonly limits: OutboxLimits;
  readonly bodies: "events" | "text";
  readonly arrivals: Arrivals | undefined;

  readonly #store: Store;
  readonly #options: LogOptions;
  readonly #turns = new Turns();
  #owner: Owner | undefined;
  /** Whether the store knows the owner. */
  #isEntered = false;
  #isOpen = false;
  /** Calls run one at a time: the store has one transaction at a time. */
  #last: Promise<unknown> = Promise.resolve();
  /** Segments of a claim whose result did not come: nobody knows about them. */
  #uncertain: string[] = [];
  /** Where eviction continues, and when it starts again. */
  readonly #forget = { made: "", given: "" };
  #forgetAt = 0;

  constructor(store: Store, options: LogOptions) {
    this.name = store.name;
    this.durable = store.durable;
    this.limits = options.limits;
    this.bodies = options.bodies ?? "events";
    this.arrivals = store.arrivals;
    this.#store = store;
    this.#options = options;
  }

  open(): Promise<OutboxOpening> {
    return this.#inTurn(async () => {
      const warnings = this.#isOpen ? [] : await this.#store.open();
      this.#isOpen = true;
      const { pending_events, pending_bytes } = await this.#write(Date.now(), async ({ meta }) => meta);
      return { warnings, pendingEvents: pending_events, pendingBytes: pending_bytes };
    });
  }

  commit(changes: OutboxChanges): Promise<OutboxCommit> {
    return this.#inTurn(() =>
      this.#write(changes.now, async (log, me, row) => {
        const taken: Span[] = [];
        for (const ending of changes.end) await this.#end(log, me, ending, taken);
        for (const lease of changes.release) await this.#mark(log, me, lease, false, taken);
        for (const span of changes.spill) {
          const segment = await this.#own(log, me, span, taken);
          if (segment !== undefined) await log.cut(segment, span.from, span.to, { to: "waiting" });
        }
        const appended: Appended[] = [];
        let owner = row;
        for (const segment of changes.append) {
          const answer = await append(log, me, owner, segment);
          appended.push(answer.appended);
          owner = answer.owner;
        }
        if (owner !== row) log.tx.put("owners", me, owner);
        for (const lease of changes.lease) await this.#mark(log, me, lease, true, taken);
        const sessions: SessionAnswer[] = [];
        for (const change of changes.sessions)
          sessions.push(await changeSession(log.tx, me, change, this.#isAlive(log.tx, me)));
        await this.#keepHouse(log);
        return { appended, sessions, taken, ...pendingOf(log) };
      }),
    );
  }

  claim(request: ClaimRequest): Promise<Claimed> {
    return this.#inTurn(async () => {
      if ((await this.#owner?.lock.isHeld()) === false) await this.#renew(request.now);
      let taken: readonly string[] = [];
      try {
        const claimed = await this.#write(request.now, async (log, me, row) => {
          await this.#releaseUncertain(log, me);
          await takeOver(log, me, this.#store);
          const { owner, more } = await takeArrivals(log, me, row);
          if (owner !== row) log.tx.put("owners", me, owner);
          const { segments, more: moreWaits } = await this.#turns.take(log, me, request);
          taken = segments.map(({ id }) => id);
          await this.#keepHouse(log);
          return { segments, more: more || moreWaits, ...pendingOf(log) };
        });
        this.#uncertain = [];
        return claimed;
      } catch (error) {
        if (error instanceof MayHaveCommitted) this.#uncertain.push(...taken);
        throw error;
      }
    });
  }

  accounts(): Promise<Accounts> {
    return this.#read((tx) => readAccounts(tx));
  }

  list(query: OutboxQuery): Promise<readonly OutboxRow[]> {
    return this.#inTurn(() => this.#write(Date.now(), (log) => listEvents(log, query)));
  }

  redrive(selection: OutboxSelection): Promise<number> {
    return this.#inTurn(() => this.#write(Date.now(), (log) => redriveLetters(log, selection)));
  }

  discard(selection: OutboxSelection, reason: string): Promise<number> {
    return this.#inTurn(() => this.#write(Date.now(), (log) => discardLetters(log, selection, reason)));
  }

  erase(tenant_id: string, reason: string): Promise<Erased> {
    return this.#inTurn(() =>
      this.#write(Date.now(), (log, me) => eraseTenant(log, tenant_id, reason, this.#isAlive(log.tx, me))),
    );
  }

  refute(refutations: readonly Refutation[]): Promise<readonly RefutationState[]> {
    return this.#inTurn(() => this.#write(Date.now(), (log) => refuteEvents(log, refutations)));
  }

  standing(identity: EventIdentity): Promise<Standing | undefined> {
    return this.#inTurn(() => this.#write(Date.now(), (log) => standingOf(log, identity)));
  }

  correct(request: CorrectionRequest): Promise<Corrected> {
    return this.#inTurn(() => this.#write(Date.now(), (log, me) => correctEvent(log, me, request)));
  }

  freeze(before: number): Promise<number> {
    return this.#inTurn(() =>
      this.#write(Date.now(), async ({ meta }) => {
        const { frozen_before = 0 } = meta;
        const until = Math.max(frozen_before, startOfHour(before));
        if (until > frozen_before) meta.frozen_before = until;
        return until;
      }),
    );
  }

  ledger(range: BookedRange): Promise<readonly LedgerRow[]> {
    return this.#read((tx) => readLedger(tx, range));
  }

  ledgerIds(row: LedgerKey): Promise<readonly LedgerId[]> {
    return this.#inTurn(() => this.#write(Date.now(), (log) => readLedgerIds(log, row)));
  }

  producers(): Promise<readonly ProducerRow[]> {
    return this.#read(async (tx) => {
      const seqs = new Map<string, number[]>();
      for (const [, { producer, first_seq, pieces, letter }] of await tx.range("segments", {})) {
        if (letter?.state === "acknowledged") continue;
        const of = seqs.get(producer) ?? [];
        for (const { from, to } of pieces) for (let i = from; i < to; i++) of.push(first_seq + i);
        seqs.set(producer, of);
      }
      return (await tx.range("owners", {})).flatMap(([producer, { last_seq, discarded }]) => {
        if (last_seq === 0) return [];
        const of = seqs.get(producer) ?? [];
        for (const { from, to } of discarded) for (let seq = from; seq <= to; seq++) of.push(seq);
        return [{ producer, last_seq, unacknowledged: seqRanges(of.sort((a, b) => a - b)) }];
      });
    });
  }

  claimSessions(): Promise<readonly SessionRow[]> {
    return this.#inTurn(() =>
      this.#write(Date.now(), ({ tx }, me) => claimSessions(tx, me, this.#isAlive(tx, me))),
    );
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      const owner = this.#owner;
      if (owner !== undefined) {
        const left = this.#write(Date.now(), async (log, me, row) => {
          if (!this.durable) await loseAll(log);
          log.tx.put("owners", me, { ...row, state: "left" });
        });
        // What it cannot release now is taken over like that of a dead owner.
        await left.catch(() => {});
        await owner.lock.release();
      }
      if (this.durable) await this.#store.close();
    });
  }

  #isAlive(tx: StoreTransaction, me: string): (owner: string) => Promise<boolean> {
    return async (id) => id === me || (await isAlive(tx, this.#store, id));
  }

  #inTurn<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#last.then(call);
    this.#last = answer.then(
      () => {},
      () => {},
    );
    return answer;
  }

  #read<Answer>(work: (tx: StoreTransaction) => Promise<Answer>): Promise<Answer> {
    return this.#inTurn(async () => this.#store.transact(work));
  }

  /** Runs a transaction of this owner. If the owner was presumed dead, it acts as a new one. */
  async #write<Answer>(
    now: number,
    work: (log: LogTransaction, me: string, row: OwnerRow) => Promise<Answer>,
  ): Promise<Answer> {
    this.#owner ??= await newOwner(this.#store, now);
    const { id } = this.#owner;
    const done = await this.#store.transact(async (tx) => {
      const log = await LogTransaction.begin(tx, now, this.#options, this.durable);
      const known = await tx.get("owners", id);
      // The store was emptied or replaced and does not know this owner: its numbers must not start again.
      if (known?.state === "gone" || (known === undefined && this.#isEntered)) return undefined;
      const answer = await work(log, id, known ?? enter(tx, id, now));
      log.finish();
      return { answer };
    });
    this.#isEntered = done !== undefined;
    if (done !== undefined) return done.answer;
    await this.#owner.lock.release();
    this.#owner = undefined;
    return this.#write(now, work);
  }

  /** The lock was lost while the owner lived: it continues as a new owner, with whatever was not taken over. */
  async #renew(now: number): Promise<void> {
    const before = this.#owner;
    const owner = await newOwner(this.#store, now);
    await this.#store.transact(async (tx) => {
      const log = await LogTransaction.begin(tx, now, this.#options, this.durable);
      enter(tx, owner.id, now);
      if (before !== undefined) await takeOn(log, before.id, owner.id);
      log.finish();
    });
    this.#owner = owner;
    this.#isEntered = true;
    await before?.lock.release();
  }

  async #end(log: LogTransaction, me: string, ending: Ending, taken: Span[]): Promise<void> {
    const { from, to, state, sums, bytes } = ending;
    const segment = await this.#own(log, me, ending, taken);
    if (segment === undefined) return;
    const count = to - from;
    log.meta.pending_events -= count;
    log.meta.pending_bytes -= bytes;
    if (state === "acknowledged") {
      log.acknowledged(sums);
      const kept: Destiny = { to: "letters", letter: { state, reason: "", ended_at: log.now } };
      const { acknowledgedMs = 0 } = log.options.deadLetters;
      await log.cut(segment, from, to, acknowledgedMs > 0 ? kept : { to: "end" });
      return;
    }
    for (const hour of sums) {
      const events = eventsIn(hour);
      log.count(hour.meter_id, "pending", -events);
      log.count(hour.meter_id, state, events);
    }
    log.meta.letter_events += count;
    log.meta.letter_bytes += bytes;
    const { reason = "", status } = ending;
    const destiny: Destiny = { to: "letters", letter: { state, reason, status, ended_at: log.now } };
    await log.cut(segment, from, to, destiny);
  }

  async #mark(
    log: LogTransaction,
    me: string,
    lease: Lease,
    inflight: boolean,
    taken: Span[],
  ): Promise<void> {
    const segment = await this.#own(log, me, lease, taken);
    if (segment === undefined) return;
    const { from, to, attempts, first_sent_at, customers } = lease;
    const known =
      customers === undefined
        ? segment
        : { ...segment, customers: joinedCustomers(segment.customers, customers) };
    log.change(known, from, to, (piece) => ({ ...piece, inflight, attempts, first_sent_at }));
  }

  async #releaseUncertain(log: LogTransaction, me: string): Promise<void> {
    for (const id of this.#uncertain) {
      const row = await log.tx.get("segments", id);
      if (row?.owner === me && row.letter === undefined) await log.cut(row, 0, row.count, { to: "waiting" });
    }
  }

  /** Returns the segment if this owner has it and none of the events is settled. */
  async #own(log: LogTransaction, me: string, span: Span, taken: Span[]): Promise<SegmentRow | undefined> {
    const row = await log.tx.get("segments", span.segment);
    if (row !== undefined && row.owner === me && row.letter === undefined && covers(row, span.from, span.to))
      return row;
    taken.push({ segment: span.segment, from: span.from, to: span.to });
    return undefined;
  }

  /** Periodic work: folds sums, limits dead letters, evicts ids. */
  async #keepHouse(log: LogTransaction): Promise<void> {
    const { meta, now, options } = log;
    await foldDeltas(log);
    await boundLetters(log);
    const isSurplus = meta.remembered - meta.pending_events - meta.letter_events > options.tombstones.max;
    const isUnderWay = this.#forget.made !== "" || this.#forget.given !== "";
    if (!isSurplus && !isUnderWay && now < this.#forgetAt && this.#forgetAt - now <= FORGET_INTERVAL_MS)
      return;
    this.#forgetAt = now + FORGET_INTERVAL_MS;
    await dropKept(log);
    await forgetRevisions(log);
    for (const kind of ["given", "made"] as const)
      this.#forget[kind] = await forgetIds(log, kind, this.#forget[kind]);
  }
}

/** Sets the customers of new tenants; tenants that were leased before keep theirs. */
const joinedCustomers = (before: CustomerPairs = [], added: CustomerPairs): CustomerPairs => {
  if (before.length === 0) return added;
  const known = new Set(before.map(([tenant_id]) => tenant_id));
  return [...before, ...added.filter(([tenant_id]) => !known.has(tenant_id))];
};

const pendingOf = ({ meta, warnings }: LogTransaction) => ({
  pendingEvents: meta.pending_events,
  pendingBytes: meta.pending_bytes,
  warnings,
});

/** The end of a volatile log: pending events are lost. */
const loseAll = async (log: LogTransaction): Promise<void> => {
  for (const [, row] of await log.tx.range("segments", {})) {
    if (row.letter !== undefined) continue;
    const events = await log.events(row);
    const missing = missingMeter(row, events);
    for (const { from, to } of row.pieces) {
      for (let i = from; i < to; i++) {
        const meter_id = events[i]?.meter_id ?? missing;
        log.count(meter_id, "pending", -1);
        log.count(meter_id, "lost", 1);
      }
    }
    await log.remove(row);
  }
  log.meta.pending_events = 0;
  log.meta.pending_bytes = 0;
};
