import type { KeyRange, Store } from "@meter-lib/core/store";
import fc from "fast-check";
import { expect } from "../expect.ts";
import type { StoreCase, StoreContext } from "./store-case.ts";

const TABLES = ["bodies", "accounts"] as const;

type Step =
  | { readonly step: "put"; readonly table: number; readonly key: string; readonly value: number }
  | { readonly step: "delete"; readonly table: number; readonly key: string }
  | { readonly step: "get"; readonly table: number; readonly key: string }
  | { readonly step: "range"; readonly table: number; readonly range: KeyRange };

interface Transaction {
  readonly steps: readonly Step[];
  readonly fails: boolean;
}

const key = fc.string({ unit: fc.constantFrom("/", "0", "1", "A", "a", "~"), minLength: 1, maxLength: 3 });
const table = fc.nat(TABLES.length - 1);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ step: fc.constant("put"), table, key, value: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("delete"), table, key }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("get"), table, key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constant("range"),
      table,
      range: fc.record({
        from: optional(key),
        before: optional(key),
        limit: optional(fc.integer({ min: 1, max: 5 })),
        reverse: optional(fc.boolean()),
      }),
    }),
  },
);

const transactions: fc.Arbitrary<readonly Transaction[]> = fc.array(
  fc.record({ steps: fc.array(step, { maxLength: 25 }), fails: fc.boolean() }),
  { maxLength: 8 },
);

type Rows = ReadonlyMap<string, number>;
type Model = readonly [Rows, Rows];

const inRange = (rows: Rows, { from, before, limit, reverse = false }: KeyRange) => {
  const chosen = [...rows]
    .filter(([name]) => (from === undefined || name >= from) && (before === undefined || name < before))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return (reverse ? chosen.reverse() : chosen).slice(0, limit);
};

/** Any sequence of transactions leaves the store where a sorted map is, and answers as it does on the way. */
export const storeModelCase: StoreCase = {
  name: "after any sequence of transactions, done and undone, the rows are those of a sorted map",
  run: async (context) => {
    await fc.assert(
      fc.asyncProperty(transactions, (sequence) => runAll(context, sequence)),
      { numRuns: 60 },
    );
  },
};

const runAll = async (context: StoreContext, sequence: readonly Transaction[]): Promise<void> => {
  await context.renew();
  const store = await context.open();
  let model: Model = [new Map(), new Map()];
  for (const transaction of sequence) {
    const changed: [Map<string, number>, Map<string, number>] = [new Map(model[0]), new Map(model[1])];
    const failed = new Error("undone");
    try {
      await runOne(store, transaction, changed, failed);
      model = changed;
    } catch (error) {
      if (error !== failed) throw error;
    }
    await runOne(store, { steps: ALL, fails: false }, [new Map(model[0]), new Map(model[1])], failed);
  }
};

const ALL: readonly Step[] = [
  { step: "range", table: 0, range: {} },
  { step: "range", table: 1, range: {} },
];

const runOne = async (
  store: Store,
  { steps, fails }: Transaction,
  rows: readonly [Map<string, number>, Map<string, number>],
  failure: Error,
): Promise<void> => {
  await store.transact(async (tx) => {
    for (const one of steps) {
      const isText = one.table === 0;
      const own = isText ? rows[0] : rows[1];
      switch (one.step) {
        case "put":
          own.set(one.key, one.value);
          if (isText) tx.put("bodies", one.key, String(one.value));
          else tx.put("accounts", one.key, [one.value]);
          break;
        case "delete":
          own.delete(one.key);
          tx.delete(isText ? "bodies" : "accounts", one.key);
          break;
        case "get": {
          const value = isText ? await tx.get("bodies", one.key) : (await tx.get("accounts", one.key))?.[0];
          expect(value === undefined ? undefined : Number(value)).toBe(own.get(one.key));
          break;
        }
        case "range": {
          const found = isText
            ? (await tx.range("bodies", one.range)).map(([name, value]) => [name, Number(value)])
            : (await tx.range("accounts", one.range)).map(([name, [value]]) => [name, value]);
          expect(found).toEqual(inRange(own, one.range));
        }
      }
    }
    if (fails) throw failure;
  });
};
