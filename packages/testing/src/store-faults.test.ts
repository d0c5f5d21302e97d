import { memoryStore, type Store, type StoreTransaction } from "@meter-lib/core/store";
import { expect, test } from "vitest";
import { runStoreCase, storeCases } from "./store-conformance.ts";

type Faults = (good: Store) => Partial<Store>;

/** A store whose methods work, except those that are given. */
const broken = (faults: Faults): Store => {
  const good = memoryStore();
  return {
    name: "broken",
    durable: false,
    open: () => good.open(),
    transact: (work) => good.transact(work),
    lock: (name) => good.lock(name),
    isLocked: (name) => good.isLocked(name),
    close: () => good.close(),
    ...faults(good),
  };
};

/** A store whose transactions work, but for one of their methods. */
const withTransaction =
  (faults: (good: StoreTransaction) => Partial<StoreTransaction>): Faults =>
  (good) => ({
    transact: (work) =>
      good.transact((tx) =>
        work({
          get: (table, key) => tx.get(table, key),
          put: (table, key, value) => tx.put(table, key, value),
          delete: (table, key) => tx.delete(table, key),
          range: (table, range) => tx.range(table, range),
          ...faults(tx),
        }),
      ),
  });

const FAULTS: Readonly<Record<string, Faults>> = {
  "warns of nothing": () => ({ open: () => ["all is well"] }),
  "keeps what failed": (good) => ({
    transact: async (work) => {
      const answers: unknown[] = [];
      const answer = await good.transact(async (tx) => {
        try {
          return { done: await work(tx) };
        } catch (error) {
          answers.push(error);
          return undefined;
        }
      });
      if (answer === undefined) throw answers[0];
      return answer.done;
    },
  }),
  "hides the error of the work": (good) => ({
    transact: async (work) => {
      try {
        return await good.transact(work);
      } catch {
        throw new Error("the transaction failed");
      }
    },
  }),
  "deletes nothing": withTransaction(() => ({ delete: () => {} })),
  "does not see its own changes": (good) => ({
    transact: async (work) => {
      const changes: ((tx: StoreTransaction) => void)[] = [];
      const answer = await good.transact((tx) =>
        work({
          get: (table, key) => tx.get(table, key),
          range: (table, range) => tx.range(table, range),
          put: (table, key, value) => void changes.push((later) => later.put(table, key, value)),
          delete: (table, key) => void changes.push((later) => later.delete(table, key)),
        }),
      );
      await good.transact((tx) => {
        for (const change of changes) change(tx);
      });
      return answer;
    },
  }),
  "ends a range with its `before`": withTransaction((tx) => ({
    range: (table, { before, ...range }) =>
      tx.range(table, before === undefined ? range : { ...range, before: `${before}\u0000` }),
  })),
  "begins a range after its `from`": withTransaction((tx) => ({
    range: (table, { from, ...range }) =>
      tx.range(table, from === undefined ? range : { ...range, from: `${from}\u0000` }),
  })),
  "knows no limit": withTransaction((tx) => ({
    range: (table, { limit: _, ...range }) => tx.range(table, range),
  })),
  "limits before it reverses": withTransaction((tx) => ({
    range: async (table, { reverse = false, ...range }) => {
      const rows = await tx.range(table, range);
      return reverse ? rows.toReversed() : rows;
    },
  })),
  "cuts long keys": withTransaction((tx) => ({
    get: (table, key) => tx.get(table, key.slice(0, 255)),
    put: (table, key, value) => tx.put(table, key.slice(0, 255), value),
  })),
  "does not tell upper from lower case": withTransaction((tx) => ({
    get: (table, key) => tx.get(table, key.toLowerCase()),
    put: (table, key, value) => tx.put(table, key.toLowerCase(), value),
  })),
  "gives a lock to everybody": () => ({ lock: () => ({ isHeld: () => true, release: () => {} }) }),
  "forgets that a lock is taken": () => ({ isLocked: () => false }),
  "holds a lock for ever": (good) => ({
    lock: async (name) => {
      const lock = await good.lock(name);
      return lock === undefined ? undefined : { isHeld: () => true, release: () => lock.release() };
    },
  }),
};

test.each(Object.entries(FAULTS))("the suite finds a store that %s", async (_, faults) => {
  const place = { create: () => ({ store: () => broken(faults), dispose: () => {} }), durable: false };
  for (const storeCase of storeCases(false)) {
    const passed = await runStoreCase(storeCase, place).catch(() => false);
    if (!passed) return;
  }
  expect.fail("no case failed");
});
