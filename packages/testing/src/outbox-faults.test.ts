import {
  type LogOptions,
  logOutbox,
  memoryStore,
  type Outbox,
  type OutboxCommit,
} from "@meter-lib/core/store";
import { expect, test } from "vitest";
import { outboxCases, runOutboxCase } from "./outbox-conformance.ts";

type Faults = (good: Outbox) => Partial<Outbox>;

/** An outbox whose methods work, except those that are given. */
const broken = (options: LogOptions, faults: Faults): Outbox => {
  const good = logOutbox(memoryStore(), options);
  return {
    name: "broken",
    durable: false,
    limits: good.limits,
    open: () => good.open(),
    commit: (changes) => good.commit(changes),
    claim: (request) => good.claim(request),
    accounts: () => good.accounts(),
    list: (query) => good.list(query),
    redrive: (selection) => good.redrive(selection),
    discard: (selection, reason) => good.discard(selection, reason),
    erase: (tenant_id, reason) => good.erase(tenant_id, reason),
    refute: (refutations) => good.refute(refutations),
    standing: (identity) => good.standing(identity),
    correct: (request) => good.correct(request),
    freeze: (before) => good.freeze(before),
    ledger: (range) => good.ledger(range),
    ledgerIds: (row) => good.ledgerIds(row),
    producers: () => good.producers(),
    claimSessions: () => good.claimSessions(),
    close: () => good.close(),
    ...faults(good),
  };
};

const answering =
  (change: (commit: OutboxCommit) => OutboxCommit): Faults =>
  (good) => ({ commit: async (changes) => change(await good.commit(changes)) });

const FAULTS: Readonly<Record<string, Faults>> = {
  "forgets what ended": (good) => ({ commit: (changes) => good.commit({ ...changes, end: [] }) }),
  "forgets leases": (good) => ({ commit: (changes) => good.commit({ ...changes, lease: [] }) }),
  "forgets releases": (good) => ({ commit: (changes) => good.commit({ ...changes, release: [] }) }),
  "lets go of nothing": (good) => ({ commit: (changes) => good.commit({ ...changes, spill: [] }) }),
  "holds everything": (good) => ({
    commit: (changes) =>
      good.commit({ ...changes, append: changes.append.map((segment) => ({ ...segment, hold: true })) }),
  }),
  "leases whole segments": (good) => ({
    commit: (changes) =>
      good.commit({ ...changes, lease: changes.lease.map((lease) => ({ ...lease, from: 0 })) }),
  }),
  "sends corrections that the receiver does not carry out": (good) => ({
    correct: (request) => good.correct({ ...request, maySend: true }),
  }),
  "corrects without a look": (good) => ({
    correct: ({ content, ...request }) => good.correct({ ...request, content: undefined }),
  }),
  "knows no repeats": (good) => ({
    commit: (changes) =>
      good.commit({ ...changes, append: changes.append.map((segment) => ({ ...segment, given: [] })) }),
  }),
  "takes a conflict for a repeat": answering((commit) => ({
    ...commit,
    appended: commit.appended.map((appended) => ({
      ...appended,
      exceptions: appended.exceptions.map(({ index, ...exception }) =>
        exception.state === "conflict"
          ? ({ index, state: "repeat", where: "pending" } as const)
          : { index, ...exception },
      ),
    })),
  })),
  "says of nothing that it was taken": answering((commit) => ({ ...commit, taken: [] })),
  "claims more than was asked for": (good) => ({
    claim: (request) => good.claim({ ...request, maxEvents: request.maxEvents + 1 }),
  }),
  "claims more bytes than was asked for": (good) => ({
    claim: (request) => good.claim({ ...request, maxBytes: request.maxBytes * 2 }),
  }),
  "claims from skipped tenants": (good) => ({
    claim: (request) => good.claim({ ...request, skipTenants: [] }),
  }),
  "claims the newest first": (good) => ({
    claim: async (request) => {
      const claimed = await good.claim(request);
      return { ...claimed, segments: claimed.segments.toReversed() };
    },
  }),
  "forgets that an event may have been sent": (good) => ({
    claim: async (request) => {
      const claimed = await good.claim(request);
      const segments = claimed.segments.map((segment) => ({
        ...segment,
        pieces: segment.pieces.map((piece) => ({ ...piece, first_sent_at: undefined })),
      }));
      return { ...claimed, segments };
    },
  }),
  "never says that more is left": (good) => ({
    claim: async (request) => ({ ...(await good.claim(request)), more: false }),
  }),
  "loses an account": (good) => ({ accounts: async () => ({ ...(await good.accounts()), pending: 0 }) }),
  "redrives in silence": (good) => ({ redrive: async (selection) => (await good.redrive(selection)) && 0 }),
  "redrives all tenants": (good) => ({ redrive: ({ state }) => good.redrive({ state }) }),
  "erases the waiting events of all tenants": (good) => ({
    erase: async (tenant_id, reason) => {
      const erased = await good.erase(tenant_id, reason);
      const others = await good.erase("tenant-2", reason);
      return { ...erased, events: erased.events + others.events };
    },
  }),
  "erases nothing": () => ({ erase: async () => ({ events: 0, onTheirWay: 0, sessions: 0 }) }),
  "discards all ids": (good) => ({ discard: ({ state }, reason) => good.discard({ state }, reason) }),
  "lists without regard to state": (good) => ({ list: ({ state: _, ...query }) => good.list(query) }),
  "has a ledger without hours": (good) => ({
    ledger: async (range) => (await good.ledger(range)).map((row) => ({ ...row, hour: 0 })),
  }),
  "freezes nothing": () => ({ freeze: (before) => before }),
  thaws: (good) => ({ freeze: async (before) => (await good.freeze(before)) && before }),
  "shows corrections in the frozen hour": (good) => ({
    ledger: ({ booked: _, ...range }) => good.ledger(range),
  }),
  "knows no producers": () => ({ producers: () => [] }),
  "ends a session when anybody leaves": answering((commit) => ({
    ...commit,
    sessions: commit.sessions.map((answer) => (answer.state === "kept" ? { state: "gone" } : answer)),
  })),
  "loses nothing at its end": () => ({ close: () => {} }),
};

const NEVER = Number.MAX_SAFE_INTEGER;

const OPTIONS: Readonly<Record<string, (options: LogOptions) => LogOptions>> = {
  "has no limits": (options) => ({ ...options, limits: { maxEvents: NEVER, maxBytes: NEVER } }),
  "keeps all letters": (options) => ({ ...options, deadLetters: { maxEvents: NEVER, maxBytes: NEVER } }),
  "forgets no identity": (options) => ({ ...options, tombstones: { windowMs: NEVER, max: NEVER } }),
  "forgets identities at once": (options) => ({ ...options, tombstones: { windowMs: 0, max: 0 } }),
  "keeps its ledger for ever": (options) => ({ ...options, ledgerMs: NEVER }),
};

const expectFound = async (create: (options: LogOptions) => Outbox): Promise<void> => {
  for (const outboxCase of outboxCases(false)) {
    const place = { create: (options: LogOptions) => ({ outbox: () => create(options), dispose: () => {} }) };
    const passed = await runOutboxCase(outboxCase, place).catch(() => false);
    if (!passed) return;
  }
  expect.fail("no case failed");
};

test.each(Object.entries(FAULTS))("the suite finds an outbox that %s", (_, faults) =>
  expectFound((options) => broken(options, faults)),
);

test.each(Object.entries(OPTIONS))("the suite finds an outbox that %s", (_, change) =>
  expectFound((options) => logOutbox(memoryStore(), change(options))),
);
