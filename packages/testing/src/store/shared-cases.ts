import type { Store } from "@meter-lib/core/store";
import { expect } from "../expect.ts";
import { addTo, allRows, getOne, putAll, type StoreCase } from "./store-case.ts";

const times = async (count: number, work: (index: number) => Promise<unknown>): Promise<void> => {
  for (let index = 0; index < count; index++) await work(index);
};

export const sharedCases: readonly StoreCase[] = [
  {
    name: "stores at one place see what the others committed",
    needs: "durable",
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()];
      await putAll(one, "bodies", { a: "one" });
      expect(await getOne(two, "bodies", "a")).toBe("one");
      await putAll(two, "bodies", { a: "two", b: "two" });
      expect(await allRows(one, "bodies")).toEqual([
        ["a", "two"],
        ["b", "two"],
      ]);
      await two.transact((tx) => tx.delete("bodies", "a"));
      expect(await getOne(one, "bodies", "a")).toBeUndefined();
    },
  },
  {
    name: "a store that is opened later finds what the others committed before, and the others go on",
    needs: "durable",
    run: async ({ open, close }) => {
      const one = await open();
      await putAll(one, "bodies", { a: "one" });
      const two = await open();
      await putAll(one, "bodies", { b: "one" });
      expect(await allRows(two, "bodies")).toHaveLength(2);
      await close(two);
      await putAll(one, "bodies", { c: "one" });
      expect(await allRows(one, "bodies")).toHaveLength(3);
    },
  },
  {
    name: "transactions at once come one after the other: no change of one is lost to another",
    needs: "durable",
    run: async ({ open }) => {
      const stores = [await open(), await open(), await open()];
      await Promise.all(
        stores.map((store) => times(30, async () => store.transact((tx) => addTo(tx, "shared", 1)))),
      );
      for (const store of stores) expect(await getOne(store, "accounts", "shared")).toEqual([90]);
    },
  },
  {
    name: "no transaction sees another one half done",
    needs: "durable",
    run: async ({ open }) => {
      const [one, two, reader] = [await open(), await open(), await open()];
      await putAll(one, "accounts", { a: [100], b: [100] });
      const move = (store: Store, from: string, to: string) => async (index: number) =>
        store.transact(async (tx) => {
          await addTo(tx, from, -1);
          await addTo(tx, to, 1);
          if (index % 5 === 4) throw new Error("undone");
        });
      const quietly = (work: (index: number) => Promise<unknown>) => async (index: number) => {
        try {
          await work(index);
        } catch {
          // Every fifth is undone.
        }
      };
      await Promise.all([
        times(25, quietly(move(one, "a", "b"))),
        times(25, quietly(move(two, "b", "a"))),
        times(25, async () => {
          const [a = 0, b = 0] = await reader.transact(async (tx) => [
            (await tx.get("accounts", "a"))?.[0],
            (await tx.get("accounts", "b"))?.[0],
          ]);
          expect(a + b, "nothing was made or lost").toBe(200);
        }),
      ]);
      expect(await allRows(reader, "accounts")).toEqual([
        ["a", [100]],
        ["b", [100]],
      ]);
    },
  },
];
