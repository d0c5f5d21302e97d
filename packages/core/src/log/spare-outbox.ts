import { contentMark } from "../event/content-mark.ts";
import { memoryOutbox } from "./memory-outbox.ts";
import type {
  AppendException,
  Appended,
  Claimed,
  ClaimRequest,
  Corrected,
  CorrectionRequest,
  Erased,
  EventIdentity,
  NewSegment,
  Outbox,
  OutboxChanges,
  OutboxCommit,
  OutboxLimits,
  OutboxOpening,
  Refutation,
  RefutationState,
  Span,
  Standing,
  Undone,
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
import { withoutEvents } from "./segments/append.ts";
import { idList, idsIn } from "./store/id-list.ts";
import { bodyOf, eventsOf } from "./store/segment-body.ts";
import type { Arrivals } from "./store/store.ts";
import { MayHaveCommitted } from "./store/store.ts";
import type { SessionRow } from "./store/tables.ts";
import { type Account, type Accounts, sumAccounts } from "./sums/account.ts";
import { cellAt } from "./sums/sums.ts";

export interface SpareOutboxOptions {
  /** How long not to use the outbox after this many failures in a row, in milliseconds. */
  readonly delayMs: (failures: number) => number;
  /** Time for delays; see `steadyTime`. */
  readonly steady: () => number;
  /** Called on the first failure, and on the first success after it. */
  readonly failed: (error: unknown) => void;
  readonly recovered: () => void;
}

const SPARE_EVENTS = 10_000;
const SPARE_BYTES = 16 * 1024 * 1024;
const MOST_IDS = 100_000;
const PREFIX = "spare ";

/**
 * An outbox with a spare one in memory for events that the outbox does not store because it fails: they are still delivered, but not
 * durably. An event stays where it was stored first.
 *
 * The spare does not know what the outbox holds. So an event that may be a repeat goes there only if its receiver would recognize the
 * repeat; otherwise, it is not recorded.
 */
export class SpareOutbox implements Outbox {
  readonly name: string;
  readonly durable: boolean;
  readonly limits: OutboxLimits;
  readonly arrivals: Arrivals | undefined;
  readonly #outbox: Outbox;
  readonly #spare: Outbox = memoryOutbox({ maxEvents: SPARE_EVENTS, maxBytes: SPARE_BYTES });
  readonly #options: SpareOutboxOptions;
  /** Identities that the spare knows. */
  readonly #spareIds = new Set<string>();
  /** Segments of which it is unknown whether they were stored. */
  #unknown: NewSegment[] = [];
  #isOpen = false;
  /** Warnings of the opening, until they are reported. */
  readonly #warnings: string[] = [];
  #isSpareUsed = false;
  #failures = 0;
  #failing: { readonly reason: string; readonly since: number } | undefined;
  #retryAt = Number.NEGATIVE_INFINITY;
  #pending = { pendingEvents: 0, pendingBytes: 0 };

  constructor(outbox: Outbox, options: SpareOutboxOptions) {
    this.name = outbox.name;
    this.durable = outbox.durable;
    this.limits = outbox.limits;
    this.arrivals = outbox.arrivals;
    this.#outbox = outbox;
    this.#options = options;
  }

  /** Whether the outbox failed and is not used for a while. */
  get isDown(): boolean {
    return this.#failures > 0 && this.#options.steady() < this.#retryAt;
  }

  /** When it is tried again, in steady time; undefined while it works. */
  get retryAt(): number | undefined {
    return this.#failures > 0 ? this.#retryAt : undefined;
  }

  /** Why the outbox stores no events, and since when in steady time; undefined while it works. */
  get failing(): { readonly reason: string; readonly since: number } | undefined {
    return this.#failing;
  }

  /** Events that are in memory only, or whose place is unknown. */
  async volatile(): Promise<Account> {
    const accounts = await this.#spare.accounts();
    const unknown = this.#unknown.reduce((sum, { count }) => sum + count, 0);
    return { ...accounts, pending: accounts.pending + unknown };
  }

  async open(): Promise<OutboxOpening> {
    await this.#try(() => {});
    const warnings = this.#warnings.splice(0);
    return { warnings, ...this.#pending };
  }

  async commit(changes: OutboxChanges): Promise<OutboxCommit> {
    const toSpare = this.#spareOf(changes);
    const toOutbox = without(changes, toSpare);
    const known = new Set(changes.append.filter((segment) => this.#isKnownToSpare(segment)));
    const append = changes.append.filter((segment) => !known.has(segment));
    const commit = await this.#commit({ ...toOutbox, append });
    const appended = new Map(append.map((segment, i) => [segment, commit?.appended[i]]));
    const rest = changes.append.filter((segment) => appended.get(segment) === undefined);
    const spare =
      rest.length > 0 || !isEmpty(toSpare)
        ? await this.#commitToSpare({ ...toSpare, append: rest })
        : undefined;
    rest.forEach((segment, i) => {
      appended.set(segment, spare?.appended[i]);
    });
    return {
      appended: changes.append.flatMap((segment) => appended.get(segment) ?? []),
      sessions: commit?.sessions ?? [],
      taken: [...(commit?.taken ?? []), ...(spare?.taken ?? [])],
      ...this.#pending,
      warnings: [...this.#warnings.splice(0), ...(commit?.warnings ?? []), ...(spare?.warnings ?? [])],
      undone: commit === undefined ? undoneOf(toOutbox) : commit.undone,
    };
  }

  async claim(request: ClaimRequest): Promise<Claimed> {
    const spare = this.#isSpareUsed ? await this.#spare.claim(request) : undefined;
    const segments = (spare?.segments ?? []).map((segment) => ({ ...segment, id: PREFIX + segment.id }));
    const taken = segments.reduce(
      (sum, { pieces }) => sum + pieces.reduce((n, { from, to }) => n + to - from, 0),
      0,
    );
    const claimed =
      taken >= request.maxEvents
        ? undefined
        : await this.#try(() => this.#outbox.claim({ ...request, maxEvents: request.maxEvents - taken }));
    if (claimed !== undefined) this.#pending = pendingOf(claimed);
    return {
      segments: [...segments, ...(claimed?.segments ?? [])],
      more: (spare?.more ?? false) || (claimed?.more ?? taken >= request.maxEvents),
      pendingEvents: this.#pending.pendingEvents,
      pendingBytes: this.#pending.pendingBytes,
      warnings: claimed?.warnings ?? [],
    };
  }

  async accounts(): Promise<Accounts> {
    return sumAccounts([await this.#outbox.accounts(), await this.#spare.accounts()]);
  }

  async list(query: OutboxQuery): Promise<readonly OutboxRow[]> {
    return [...(await this.#outbox.list(query)), ...(await this.#spare.list(query))];
  }

  async redrive(selection: OutboxSelection): Promise<number> {
    return (await this.#outbox.redrive(selection)) + (await this.#spare.redrive(selection));
  }

  async discard(selection: OutboxSelection, reason: string): Promise<number> {
    return (await this.#outbox.discard(selection, reason)) + (await this.#spare.discard(selection, reason));
  }

  async erase(tenant_id: string, reason: string): Promise<Erased> {
    const [own, spare] = [
      await this.#outbox.erase(tenant_id, reason),
      await this.#spare.erase(tenant_id, reason),
    ];
    return {
      events: own.events + spare.events,
      onTheirWay: own.onTheirWay + spare.onTheirWay,
      sessions: own.sessions + spare.sessions,
    };
  }

  async refute(refutations: readonly Refutation[]): Promise<readonly RefutationState[]> {
    const own = await this.#outbox.refute(refutations);
    if (!this.#isSpareUsed) return own;
    // What the outbox does not know may be in the spare.
    const spare = await this.#spare.refute(refutations.filter((_, i) => own[i] === "unknown"));
    let place = 0;
    return own.map((state) => (state === "unknown" ? (spare[place++] ?? state) : state));
  }

  async standing(identity: EventIdentity): Promise<Standing | undefined> {
    const own = await this.#outbox.standing(identity);
    return own === undefined && this.#isSpareUsed ? this.#spare.standing(identity) : own;
  }

  async correct(request: CorrectionRequest): Promise<Corrected> {
    const own = await this.#outbox.correct(request);
    return own.state === "unknown" && this.#isSpareUsed ? this.#spare.correct(request) : own;
  }

  async freeze(before: number): Promise<number> {
    const frozen = await this.#outbox.freeze(before);
    await this.#spare.freeze(frozen);
    return frozen;
  }

  async ledger(range: BookedRange): Promise<readonly LedgerRow[]> {
    const own = await this.#outbox.ledger(range);
    return this.#isSpareUsed ? sumLedgers([...own, ...(await this.#spare.ledger(range))]) : own;
  }

  async ledgerIds(row: LedgerKey): Promise<readonly LedgerId[]> {
    return [...(await this.#outbox.ledgerIds(row)), ...(await this.#spare.ledgerIds(row))];
  }

  async producers(): Promise<readonly ProducerRow[]> {
    return [...(await this.#outbox.producers()), ...(await this.#spare.producers())];
  }

  claimSessions(): Promise<readonly SessionRow[]> {
    return this.#try(() => this.#outbox.claimSessions()).then((rows) => rows ?? []);
  }

  async close(): Promise<void> {
    await this.#spare.close();
    await this.#outbox.close();
  }

  /** Calls the outbox unless it is backing off; undefined if it did not work. */
  async #try<Answer>(
    call: () => Answer | PromiseLike<Answer>,
    failed: (error: unknown) => void = () => {},
  ): Promise<Answer | undefined> {
    if (this.isDown) return undefined;
    const { steady, delayMs } = this.#options;
    try {
      if (!this.#isOpen) this.#pending = pendingOf(await this.#open());
      const answer = await call();
      if (this.#failures > 0) this.#options.recovered();
      this.#failures = 0;
      this.#failing = undefined;
      return answer;
    } catch (error) {
      this.#failures++;
      this.#retryAt = steady() + delayMs(this.#failures);
      this.#failing = {
        reason: error instanceof Error ? error.message : String(error),
        since: this.#failing?.since ?? steady(),
      };
      if (this.#failures === 1) this.#options.failed(error);
      failed(error);
      return undefined;
    }
  }

  async #open(): Promise<OutboxOpening> {
    const opening = await this.#outbox.open();
    this.#isOpen = true;
    this.#warnings.push(...opening.warnings);
    return opening;
  }

  async #commit(changes: OutboxChanges): Promise<OutboxCommit | undefined> {
    const unknown = this.#unknown;
    let isUnknown = false;
    const form = this.#outbox.bodies ?? "events";
    const append = [...unknown, ...changes.append].map((segment) => inForm(segment, form));
    const commit = await this.#try(
      () => this.#outbox.commit({ ...changes, append }),
      (error) => {
        isUnknown = error instanceof MayHaveCommitted;
      },
    );
    if (commit !== undefined) {
      this.#unknown = [];
      this.#pending = pendingOf(commit);
      return { ...commit, appended: commit.appended.slice(unknown.length) };
    }
    if (!isUnknown) return undefined;
    this.#unknown = [...unknown, ...changes.append.map(again)];
    const nowhere = {
      segment: "",
      key: 0,
      first_seq: 0,
      producer: "",
      volatile: true,
      unknown: true,
      exceptions: [],
    };
    return {
      appended: changes.append.map(() => nowhere),
      sessions: [],
      taken: [],
      warnings: [],
      ...this.#pending,
      undone: undoneOf(changes),
    };
  }

  async #commitToSpare(changes: OutboxChanges): Promise<OutboxCommit> {
    if (!this.#isSpareUsed) await this.#spare.open();
    this.#isSpareUsed = true;
    const bare = (span: Span) => ({ ...span, segment: span.segment.slice(PREFIX.length) });
    const unchecked = changes.append.map((segment) => this.#unchecked(segment));
    const append = changes.append.map((segment, i) => {
      const left = new Set(unchecked[i]);
      return { ...(left.size === 0 ? segment : withoutEvents(segment, left, "events")), hold: true };
    });
    const commit = await this.#spare.commit({
      ...changes,
      append,
      end: changes.end.map((each) => ({ ...each, ...bare(each) })),
      release: changes.release.map((each) => ({ ...each, ...bare(each) })),
      lease: changes.lease.map((each) => ({ ...each, ...bare(each) })),
      spill: changes.spill.map(bare),
      sessions: [],
    });
    for (const segment of append)
      for (const [index, event_id] of idsIn(segment.ids).entries())
        this.#spareIds.add(identityOf(segment, index, event_id));
    for (const identity of this.#spareIds) {
      if (this.#spareIds.size <= MOST_IDS) break;
      this.#spareIds.delete(identity);
    }
    return {
      ...commit,
      taken: commit.taken.map((span) => ({ ...span, segment: PREFIX + span.segment })),
      appended: commit.appended.map((appended, i) => ({
        ...appended,
        segment: PREFIX + appended.segment,
        volatile: true,
        exceptions: exceptionsOf(changes.append[i]?.count ?? 0, unchecked[i] ?? [], appended),
      })),
    };
  }

  /** Indexes of events that may be repeats of what the outbox knows and must therefore not be sent. */
  #unchecked(segment: NewSegment): readonly number[] {
    if (segment.mayGoUnchecked) return [];
    const ids = idsIn(segment.ids);
    return segment.given
      .map(({ index }) => index)
      .filter((index) => !this.#spareIds.has(identityOf(segment, index, ids[index])));
  }

  #isKnownToSpare(segment: NewSegment): boolean {
    if (this.#spareIds.size === 0 || segment.given.length === 0) return false;
    const ids = idsIn(segment.ids);
    return segment.given.some(({ index }) => this.#spareIds.has(identityOf(segment, index, ids[index])));
  }

  #spareOf(changes: OutboxChanges): OutboxChanges {
    const isSpare = ({ segment }: Span) => segment.startsWith(PREFIX);
    return {
      ...changes,
      end: changes.end.filter(isSpare),
      release: changes.release.filter(isSpare),
      spill: changes.spill.filter(isSpare),
      lease: changes.lease.filter(isSpare),
      append: [],
      sessions: [],
    };
  }
}

const pendingOf = ({
  pendingEvents,
  pendingBytes,
}: Pick<OutboxOpening, "pendingEvents" | "pendingBytes">) => ({
  pendingEvents,
  pendingBytes,
});

const without = (changes: OutboxChanges, others: OutboxChanges): OutboxChanges => ({
  ...changes,
  end: changes.end.filter((each) => !others.end.includes(each)),
  release: changes.release.filter((each) => !others.release.includes(each)),
  spill: changes.spill.filter((each) => !others.spill.includes(each)),
  lease: changes.lease.filter((each) => !others.lease.includes(each)),
});

const isEmpty = ({ end, release, spill, lease, append, sessions }: OutboxChanges): boolean =>
  end.length + release.length + spill.length + lease.length + append.length + sessions.length === 0;

const undoneOf = ({ end, release, spill, lease, sessions }: OutboxChanges): Undone => ({
  end,
  release,
  spill,
  lease,
  sessions: sessions.length > 0,
});

const inForm = (segment: NewSegment, form: "events" | "text"): NewSegment =>
  form === "text" && typeof segment.body !== "string"
    ? { ...segment, body: bodyOf(segment.body, form), ids: idList(segment.ids) }
    : segment;

/** To be stored again, unless it is there. */
const again = (segment: NewSegment): NewSegment => {
  const given = new Map(segment.given.map((each) => [each.index, each]));
  return {
    ...segment,
    hold: false,
    again: true,
    given: eventsOf(segment.body, segment.count).map(
      (event, index) =>
        given.get(index) ?? { index, mark: event === undefined ? "" : contentMark(event, true) },
    ),
  };
};

const identityOf = ({ sums, sum_of }: NewSegment, index: number, event_id = ""): string =>
  `${cellAt(sums, sum_of, index)?.tenant_id ?? ""}\n${event_id}`;

/** Maps the results of a whole segment of which some events were left out. */
const exceptionsOf = (
  count: number,
  unchecked: readonly number[],
  { exceptions }: Appended,
): readonly AppendException[] => {
  if (unchecked.length === 0) return exceptions;
  const left = new Set(unchecked);
  const stay = Array.from({ length: count }, (_, index) => index).filter((index) => !left.has(index));
  return [
    ...unchecked.map((index) => ({ index, state: "unchecked" }) as const),
    ...exceptions.map((each) => ({ ...each, index: stay[each.index] ?? each.index })),
  ].sort((a, b) => a.index - b.index);
};

const sumLedgers = (rows: readonly LedgerRow[]): readonly LedgerRow[] => {
  const sums = new Map<string, LedgerRow>();
  for (const row of rows) {
    const key = [row.hour, row.corrects, row.meter_id, row.tenant_id].join("\n");
    const sum = sums.get(key);
    sums.set(
      key,
      sum === undefined
        ? row
        : {
            ...row,
            recorded: sum.recorded + row.recorded,
            acknowledged: sum.acknowledged + row.acknowledged,
            recorded_usage: sum.recorded_usage + row.recorded_usage,
            acknowledged_usage: sum.acknowledged_usage + row.acknowledged_usage,
          },
    );
  }
  return [...sums.values()];
};
