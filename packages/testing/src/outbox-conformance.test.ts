import { memoryOutbox, type Outbox, type OutboxLimits } from "@meter-lib/core";
import { describe, expect, test } from "vitest";
import { outboxCases, outboxConformance, runOutboxCase } from "./outbox-conformance.ts";

outboxConformance({
  name: "memoryOutbox",
  durable: false,
  create: ({ limits }) => ({ outbox: () => memoryOutbox(limits), dispose: () => {} }),
});

/** A memory outbox whose methods work, except those that are given. */
const broken = (limits: OutboxLimits | undefined, faults: (good: Outbox) => Partial<Outbox>): Outbox => {
  const good = memoryOutbox(limits);
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
    ledger: (range) => good.ledger(range),
    ledgerIds: (row) => good.ledgerIds(row),
    claimSessions: () => good.claimSessions(),
    close: () => good.close(),
    ...faults(good),
  };
};

const memoryWithoutLimits = () => broken({ maxEvents: 1e9, maxBytes: 1e12 }, () => ({}));

const FAULTS: Readonly<Record<string, (good: Outbox) => Partial<Outbox>>> = {
  "forgets acknowledgements": (good) => ({
    commit: (changes) => good.commit({ ...changes, acknowledge: [] }),
  }),
  "forgets leases": (good) => ({ commit: (changes) => good.commit({ ...changes, lease: [] }) }),
  "forgets releases": (good) => ({ commit: (changes) => good.commit({ ...changes, release: [] }) }),
  "buries nothing": (good) => ({ commit: (changes) => good.commit({ ...changes, bury: [] }) }),
  "holds everything": (good) => ({
    commit: (changes) =>
      good.commit({ ...changes, append: changes.append.map((append) => ({ ...append, hold: true })) }),
  }),
  "lets go of nothing": (good) => ({ commit: (changes) => good.commit({ ...changes, unhold: [] }) }),
  "takes a conflict for a repeat": (good) => ({
    commit: async (changes) => {
      const commit = await good.commit(changes);
      const appended = commit.appended.map((answer) =>
        answer.state === "conflict" ? ({ state: "repeat", where: "pending" } as const) : answer,
      );
      return { ...commit, appended };
    },
  }),
  "has no limits": ({ limits }) => ({ ...memoryWithoutLimits(), limits }),
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
      const { events, more } = await good.claim(request);
      return { events: events.toReversed(), more };
    },
  }),
  "forgets that an event may have been sent": (good) => ({
    claim: async (request) => {
      const claimed = await good.claim(request);
      for (const event of claimed.events) event.firstSentAt = undefined;
      return claimed;
    },
  }),
  "never says that more is left": (good) => ({
    claim: async (request) => ({ ...(await good.claim(request)), more: false }),
  }),
  "loses an account": (good) => ({
    accounts: async () => ({ ...(await good.accounts()), pending: 0 }),
  }),
  "redrives in silence": (good) => ({ redrive: async (selection) => (await good.redrive(selection)) && 0 }),
  "redrives all tenants": (good) => ({ redrive: ({ state }) => good.redrive({ state }) }),
  "discards all ids": (good) => ({ discard: ({ state }, reason) => good.discard({ state }, reason) }),
  "lists without regard to state": (good) => ({ list: ({ state: _, ...query }) => good.list(query) }),
  "has a ledger without hours": (good) => ({
    ledger: async (range) => (await good.ledger(range)).map((row) => ({ ...row, hour: 0 })),
  }),
  "ends a session when anybody leaves": (good) => ({
    commit: async (changes) => {
      const commit = await good.commit(changes);
      const sessions = commit.sessions.map((answer, index) =>
        changes.sessions[index]?.change === "leave" && answer.state === "kept"
          ? ({ state: "gone" } as const)
          : answer,
      );
      return { ...commit, sessions };
    },
  }),
  "loses nothing at its end": () => ({ close: async () => {} }),
};

describe("the suite finds an outbox that", () => {
  test.each(Object.entries(FAULTS))("%s", async (_, faults) => {
    const create = ({ limits }: { readonly limits?: OutboxLimits }) => ({
      outbox: () => broken(limits, faults),
      dispose: () => {},
    });
    for (const conformanceCase of outboxCases(false)) {
      const passed = await runOutboxCase(conformanceCase, { create }).catch(() => false);
      if (!passed) return;
    }
    expect.fail("no case failed");
  });
});
