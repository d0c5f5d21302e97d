import type { Store } from "@meter-lib/core/store";
import { expect } from "./expect.ts";
import { lockCases } from "./store/lock-cases.ts";
import { rangeCases } from "./store/range-cases.ts";
import { sharedCases } from "./store/shared-cases.ts";
import type { StoreCase, StoreContext, StorePlace } from "./store/store-case.ts";
import { storeModelCase } from "./store/store-model-case.ts";
import { transactionCases } from "./store/transaction-cases.ts";
import { valueCases } from "./store/value-cases.ts";
import { suiteOf, type TestRunner } from "./test-runner.ts";

// Some cases make dozens of stores, and a store may be on a slow disk.
const TIMEOUT_MS = 60_000;

export interface StoreConformanceOptions {
  /** Title of the tests. */
  readonly name: string;
  /** Whether the store is durable. Several durable stores must be able to share one place. */
  readonly durable: boolean;
  /** Creates a new, empty place for each test. */
  create(): StorePlace | Promise<StorePlace>;
  /** @default the globals `describe`, `test` and `expect` */
  readonly runner?: TestRunner | undefined;
}

/**
 * Registers the tests that every store must pass: transactions, ranges, values, several stores at one place, locks. It also runs in a
 * browser. {@link outboxConformance} tests the log over a store.
 *
 * @example Your own store
 * ```ts
 * storeConformance({
 *   name: "my store",
 *   durable: true,
 *   create: async () => {
 *     const place = await newPlace();
 *     return { store: () => myStore(place), dispose: () => place.remove() };
 *   },
 * });
 * ```
 */
export const storeConformance = (options: StoreConformanceOptions): void => {
  const { describe, test } = suiteOf(options.runner);
  describe(`store: ${options.name}`, () => {
    for (const storeCase of storeCases(options.durable)) {
      test(
        storeCase.name,
        async ({ skip }) => {
          const ran = await runStoreCase(storeCase, options);
          if (!ran) skip("this store cannot be locked from elsewhere (`lockElsewhere` is not given)");
        },
        TIMEOUT_MS,
      );
    }
  });
};

/** The cases, without a test runner. */
export const storeCases = (durable: boolean): readonly StoreCase[] =>
  [...transactionCases, ...rangeCases, ...valueCases, storeModelCase, ...lockCases, ...sharedCases].filter(
    ({ needs }) => durable || needs === undefined,
  );

/** Runs one case at a new place. Resolves to false if the place lacks what the case needs. */
export const runStoreCase = async (
  { needs, run }: StoreCase,
  { create, durable }: Pick<StoreConformanceOptions, "create" | "durable">,
): Promise<boolean> => {
  let place = await create();
  const opened = new Set<Store>();
  const close = async (store: Store): Promise<void> => {
    if (opened.delete(store)) await store.close();
  };
  const dispose = async (): Promise<void> => {
    for (const store of opened) await close(store);
    await place.dispose();
  };
  const context: StoreContext = {
    renew: async () => {
      await dispose();
      place = await create();
    },
    open: async () => {
      const store = await place.store();
      expect(store.durable, "durable").toBe(durable);
      expect(await store.open(), "nothing to warn of").toEqual([]);
      opened.add(store);
      return store;
    },
    close,
    lockElsewhere: async (name) => {
      const lock = await place.lockElsewhere?.(name);
      if (lock === undefined) throw new Error("the place cannot be locked from elsewhere");
      return lock;
    },
  };
  try {
    if (needs === "elsewhere" && place.lockElsewhere === undefined) return false;
    await run(context);
    return true;
  } finally {
    await dispose();
  }
};
