import {
  ACCOUNT_FIELDS,
  type Account,
  type AppendException,
  bodyOf,
  type ClaimRequest,
  type Ending,
  eventsOf,
  idList,
  type Lease,
  MAX_SEGMENT_EVENTS,
  type NewSegment,
  type Outbox,
  type OutboxChanges,
  type OutboxOpening,
  type OutboxQuery,
  type SessionAnswer,
  type SessionChange,
  type Span,
  sumEvents,
} from "@meter-lib/core/store";
import { expect } from "../expect.ts";
import { claimedEvents, givenIds, SAMPLE_TIME, type SampleEvent } from "./sample-event.ts";

/** The result of recording an event. */
export type EventAnswer =
  | { readonly state: "recorded"; readonly key: number; readonly seq: number }
  | Omit<AppendException, "index">;

export interface AppendOptions {
  /** Whether the owner keeps them, or that of each segment by its first event. @default true */
  readonly hold?: boolean | ((first: SampleEvent | undefined) => boolean) | undefined;
  /** Events of one segment. @default as many as fit */
  readonly perSegment?: number | undefined;
  /** Whether a commit with them was made before, and nobody knows how it ended. */
  readonly again?: boolean | undefined;
  readonly now?: number | undefined;
}

const NO_CHANGES: OutboxChanges = {
  now: SAMPLE_TIME,
  end: [],
  release: [],
  spill: [],
  append: [],
  lease: [],
  sessions: [],
};

/** An opened outbox, used as the engine uses it; cases speak of events. After every change the accounts are checked for their law. */
export class OpenedOutbox {
  readonly outbox: Outbox;
  readonly opening: OutboxOpening;
  #isClosed = false;

  private constructor(outbox: Outbox, opening: OutboxOpening) {
    this.outbox = outbox;
    this.opening = opening;
  }

  static async open(outbox: Outbox): Promise<OpenedOutbox> {
    return new OpenedOutbox(outbox, await outbox.open());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.outbox.close();
  }

  async commit(changes: Partial<OutboxChanges>) {
    const commit = await this.outbox.commit({ ...NO_CHANGES, ...changes });
    const { pending } = await this.accounts();
    expect(commit.pendingEvents, "pendingEvents is the account of pending").toBe(pending);
    return commit;
  }

  /** Commits new events, together with other changes. Returns the result of each event. */
  async appendWith(
    groups: readonly (readonly SampleEvent[])[],
    changes: Partial<OutboxChanges>,
    options: AppendOptions = {},
  ) {
    const append = groups.map((events) => this.segmentOf(events, options));
    const commit = await this.commit({ ...changes, append });
    expect(commit.appended, "one answer for each new segment").toHaveLength(groups.length);
    const answers = groups.map((events, group): readonly EventAnswer[] => {
      const {
        segment = "",
        key = 0,
        first_seq = 0,
        producer = "",
        exceptions = [],
      } = commit.appended[group] ?? {};
      const byIndex = new Map(exceptions.map(({ index, ...exception }) => [index, exception]));
      expect([...byIndex.keys()], "exceptions in order").toEqual([...byIndex.keys()].sort((a, b) => a - b));
      let place = 0;
      return events.map((event, index) => {
        const exception = byIndex.get(index);
        if (exception !== undefined) return exception;
        const at = place++;
        Object.assign(event, { segment, index: at, key: key + at, seq: first_seq + at, producer });
        return { state: "recorded", key: event.key, seq: event.seq };
      });
    });
    return { ...commit, answers: answers.flat() };
  }

  /** Records events, as few segments as there can be. */
  async append(events: readonly SampleEvent[], options: AppendOptions = {}): Promise<readonly EventAnswer[]> {
    const { now = SAMPLE_TIME } = options;
    const { answers } = await this.appendWith(groupsOf(events, options.perSegment), { now }, options);
    return answers;
  }

  segmentOf(events: readonly SampleEvent[], { hold = true, again }: AppendOptions): NewSegment {
    const plain = events.map(({ event }) => event);
    const tenants = new Set(plain.map(({ tenant_id }) => tenant_id));
    const [only = ""] = tenants;
    return {
      count: events.length,
      bytes: bytesOf(events),
      lane: events[0]?.lane ?? "live",
      tenant_id: tenants.size === 1 ? only : "",
      body: bodyOf(plain, this.outbox.bodies ?? "events"),
      ...sumEvents(plain),
      ids: idList(plain),
      given: givenIds(events, again),
      ids_since: SAMPLE_TIME,
      hold: typeof hold === "function" ? hold(events[0]) : hold,
      again,
    };
  }

  /** Hands events to an imagined transport. */
  async lease(events: readonly SampleEvent[], at = SAMPLE_TIME) {
    return this.commit({ lease: leasesOf(events, at) });
  }

  async release(events: readonly SampleEvent[]) {
    return this.commit({ release: marksOf(events) });
  }

  async spill(events: readonly SampleEvent[]) {
    return this.commit({ spill: spansOf(events) });
  }

  async acknowledge(events: readonly SampleEvent[], now = SAMPLE_TIME) {
    return this.commit({ now, end: endingsOf(events, { state: "acknowledged" }) });
  }

  async bury(
    events: readonly SampleEvent[],
    state: "rejected" | "quarantined" = "rejected",
    {
      reason = "no such device",
      now = SAMPLE_TIME,
    }: { readonly reason?: string; readonly now?: number } = {},
  ) {
    return this.commit({ now, end: endingsOf(events, { state, reason, status: 422 }) });
  }

  async session(change: SessionChange): Promise<SessionAnswer | undefined> {
    const { sessions } = await this.commit({ sessions: [change] });
    expect(sessions, "one answer for each session change").toHaveLength(1);
    return sessions[0];
  }

  async claim(request: Partial<ClaimRequest> = {}) {
    const claimed = await this.outbox.claim({
      now: SAMPLE_TIME,
      maxEvents: 100,
      maxBytes: 1_000_000,
      skipTenants: [],
      ...request,
    });
    const { pending } = await this.accounts();
    expect(claimed.pendingEvents, "pendingEvents is the account of pending").toBe(pending);
    for (const { tenant_id, body, pieces } of claimed.segments) {
      expect(typeof body === "string" ? "text" : "events", "the form of `bodies`").toBe(
        this.outbox.bodies ?? "events",
      );
      expect(tenant_id, "a claimed segment is of one tenant").not.toBe("");
      expect(
        eventsOf(body, pieces.at(-1)?.to ?? 0),
        "every event of a claimed segment is there",
      ).not.toContain(undefined);
      for (const { inflight } of pieces) expect(inflight, "what is claimed is not on the way").toBe(false);
    }
    const events = claimed.segments.flatMap((segment) => claimedEvents(segment));
    return { ...claimed, events };
  }

  /** Ids of what can be claimed, all of it. */
  async claimIds(): Promise<readonly string[]> {
    const ids: string[] = [];
    for (;;) {
      const { events, more } = await this.claim();
      ids.push(...idsOf(events));
      if (!more) return ids;
    }
  }

  async accounts() {
    const accounts = await this.outbox.accounts();
    expectLaw(accounts, "in total");
    for (const [meter_id, account] of Object.entries(accounts.meters)) expectLaw(account, meter_id);
    for (const field of ACCOUNT_FIELDS) {
      const sum = Object.values(accounts.meters).reduce((total, account) => total + account[field], 0);
      expect(accounts[field], `${field} in total is the sum over the meters`).toBe(sum);
    }
    return accounts;
  }

  /** The figures that are not zero. */
  async figures(): Promise<Partial<Account>> {
    const accounts = await this.accounts();
    return Object.fromEntries(
      ACCOUNT_FIELDS.map((field) => [field, accounts[field]]).filter(([, count]) => count !== 0),
    );
  }

  async list(query: OutboxQuery = {}) {
    return this.outbox.list({ limit: 10_000, ...query });
  }
}

export const idsOf = (events: readonly SampleEvent[]): readonly string[] =>
  events.map(({ event_id }) => event_id);

const bytesOf = (events: readonly SampleEvent[]): number => events.reduce((sum, { bytes }) => sum + bytes, 0);

/** Events in their order, as many in one group as can be in one segment. Only those are together for which `kind` is the same. */
export const groupsOf = (
  events: readonly SampleEvent[],
  perSegment: number = MAX_SEGMENT_EVENTS,
  kind: (event: SampleEvent) => unknown = () => undefined,
): readonly (readonly SampleEvent[])[] => {
  const groups: SampleEvent[][] = [];
  for (const event of events) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    const fits =
      last !== undefined &&
      group !== undefined &&
      group.length < perSegment &&
      last.lane === event.lane &&
      kind(last) === kind(event);
    if (fits) group.push(event);
    else groups.push([event]);
  }
  return groups;
};

/** Runs of events that are next to each other in one segment, and of which the same is known. */
const runsOf = (events: readonly SampleEvent[]): readonly (readonly [SampleEvent, ...SampleEvent[]])[] => {
  const runs: [SampleEvent, ...SampleEvent[]][] = [];
  for (const event of events) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const goesOn =
      last !== undefined &&
      last.segment === event.segment &&
      last.index + 1 === event.index &&
      last.attempts === event.attempts &&
      last.first_sent_at === event.first_sent_at;
    if (run !== undefined && goesOn) run.push(event);
    else runs.push([event]);
  }
  return runs;
};

const spanOf = ([first, ...others]: readonly [SampleEvent, ...SampleEvent[]]): Span => ({
  segment: first.segment,
  from: first.index,
  to: first.index + others.length + 1,
});

export const spansOf = (events: readonly SampleEvent[]): readonly Span[] => runsOf(events).map(spanOf);

/** What is known of events now. */
export const marksOf = (events: readonly SampleEvent[]): readonly Lease[] =>
  runsOf(events).map((run) => ({
    ...spanOf(run),
    attempts: run[0].attempts,
    first_sent_at: run[0].first_sent_at,
  }));

/** One attempt more, with the customers. */
export const leasesOf = (events: readonly SampleEvent[], at: number): readonly Lease[] => {
  for (const event of events) {
    event.attempts++;
    event.first_sent_at ??= at;
  }
  return runsOf(events).map((run) => ({
    ...spanOf(run),
    attempts: run[0].attempts,
    first_sent_at: run[0].first_sent_at,
    customers: [...new Set(run.map(({ tenant_id }) => tenant_id))].map(
      (tenant_id) => [tenant_id, `customer of ${tenant_id}`] as const,
    ),
  }));
};

export const endingsOf = (
  events: readonly SampleEvent[],
  ending: Pick<Ending, "state" | "reason" | "status">,
): readonly Ending[] =>
  runsOf(events).map((run) => ({
    ...spanOf(run),
    ...ending,
    sums: sumEvents(run.map(({ event }) => event)).sums,
    bytes: bytesOf(run),
  }));

const expectLaw = (account: Account, where: string): void => {
  const { recorded, acknowledged, pending, rejected, quarantined, discarded, lost } = account;
  const sum = acknowledged + pending + rejected + quarantined + discarded + lost;
  expect(
    recorded,
    `${where}: recorded = acknowledged + pending + rejected + quarantined + discarded + lost`,
  ).toBe(sum);
  for (const field of ACCOUNT_FIELDS) expect(account[field], `${where}: ${field}`).toBeGreaterThanOrEqual(0);
};
