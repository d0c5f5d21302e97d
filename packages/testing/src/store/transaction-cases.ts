import { expect } from "../expect.ts";
import { allRows, getOne, putAll, type StoreCase } from "./store-case.ts";

const FAILURE = new Error("the work went wrong");

export const transactionCases: readonly StoreCase[] = [
  {
    name: "a new store is empty and has nothing to warn of",
    run: async ({ open }) => {
      const store = await open();
      expect(await getOne(store, "meta", "log")).toBeUndefined();
      expect(await allRows(store, "segments")).toEqual([]);
    },
  },
  {
    name: "a transaction returns what its work returns, at once or later",
    run: async ({ open }) => {
      const store = await open();
      expect(await store.transact(() => 7)).toBe(7);
      expect(await store.transact(async (tx) => [await tx.get("bodies", "a"), "later"])).toEqual([
        undefined,
        "later",
      ]);
    },
  },
  {
    name: "what is put is there afterwards; putting again replaces it, deleting removes it, also when it is not there",
    run: async ({ open }) => {
      const store = await open();
      await putAll(store, "bodies", { a: "one", b: "two" });
      expect(await getOne(store, "bodies", "a")).toBe("one");
      await putAll(store, "bodies", { a: "three" });
      await store.transact((tx) => {
        tx.delete("bodies", "b");
        tx.delete("bodies", "never there");
      });
      expect(await allRows(store, "bodies")).toEqual([["a", "three"]]);
    },
  },
  {
    name: "tables do not share their keys",
    run: async ({ open }) => {
      const store = await open();
      await store.transact((tx) => {
        tx.put("held", "key", 1);
        tx.put("bodies", "key", "text");
        tx.put("accounts", "key", [5]);
        tx.delete("waiting", "key");
      });
      expect(await getOne(store, "held", "key")).toBe(1);
      expect(await getOne(store, "bodies", "key")).toBe("text");
      expect(await getOne(store, "accounts", "key")).toEqual([5]);
      expect(await getOne(store, "waiting", "key")).toBeUndefined();
    },
  },
  {
    name: "a transaction sees its own changes",
    run: async ({ open }) => {
      const store = await open();
      await putAll(store, "bodies", { b: "stored", c: "stored", d: "stored", e: "stored" });
      await store.transact(async (tx) => {
        tx.put("bodies", "a", "own");
        tx.put("bodies", "b", "own");
        tx.delete("bodies", "c");
        tx.put("bodies", "f", "own");
        tx.put("bodies", "g", "own");
        tx.delete("bodies", "g");
        tx.delete("bodies", "h");
        tx.put("bodies", "h", "own");
        const keys = async (range: Parameters<typeof tx.range>[1]) =>
          (await tx.range("bodies", range)).map(([key]) => key).join("");

        expect(await tx.get("bodies", "a")).toBe("own");
        expect(await tx.get("bodies", "b")).toBe("own");
        expect(await tx.get("bodies", "c")).toBeUndefined();
        expect(await tx.get("bodies", "g")).toBeUndefined();
        expect(await tx.get("bodies", "h")).toBe("own");
        expect(await tx.range("bodies", {})).toEqual([
          ["a", "own"],
          ["b", "own"],
          ["d", "stored"],
          ["e", "stored"],
          ["f", "own"],
          ["h", "own"],
        ]);
        expect(await keys({ limit: 3 }), "what was deleted does not count").toBe("abd");
        expect(await keys({ from: "b", before: "f" })).toBe("bde");
        expect(await keys({ reverse: true, limit: 3 })).toBe("hfe");
        expect(await keys({ reverse: true, before: "h", limit: 2 })).toBe("fe");
      });
      expect((await allRows(store, "bodies")).map(([key]) => key)).toEqual(["a", "b", "d", "e", "f", "h"]);
    },
  },
  {
    name: "nothing is done of a transaction whose work throws, and its error comes out",
    run: async ({ open }) => {
      const store = await open();
      await putAll(store, "bodies", { a: "one", b: "two" });
      const failed = async (fail: () => Promise<void> | undefined) => {
        try {
          await store.transact((tx) => {
            tx.put("bodies", "a", "changed");
            tx.delete("bodies", "b");
            tx.put("bodies", "c", "new");
            return fail();
          });
        } catch (error) {
          return error;
        }
        return undefined;
      };
      expect(
        await failed(() => {
          throw FAILURE;
        }),
      ).toBe(FAILURE);
      expect(await failed(() => Promise.reject(FAILURE))).toBe(FAILURE);
      expect(await allRows(store, "bodies")).toEqual([
        ["a", "one"],
        ["b", "two"],
      ]);
    },
  },
  {
    name: "nothing is done of a transaction whose work fails after it has read its own changes",
    run: async ({ open }) => {
      const store = await open();
      await putAll(store, "accounts", { a: [1] });
      const failing = async () => {
        await store.transact(async (tx) => {
          tx.put("accounts", "b", [2]);
          expect(await tx.range("accounts", {})).toHaveLength(2);
          tx.delete("accounts", "a");
          expect(await tx.get("accounts", "a")).toBeUndefined();
          throw FAILURE;
        });
      };
      await expect(failing()).rejects.toBe(FAILURE);
      expect(await allRows(store, "accounts")).toEqual([["a", [1]]]);
      await putAll(store, "accounts", { c: [3] });
      expect(await allRows(store, "accounts"), "and the next one works").toEqual([
        ["a", [1]],
        ["c", [3]],
      ]);
    },
  },
  {
    name: "a transaction of many rows is carried out as a whole",
    run: async ({ open }) => {
      const store = await open();
      const keys = Array.from({ length: 3_000 }, (_, index) => String(index).padStart(16, "0"));
      await store.transact((tx) => {
        for (const key of keys) tx.put("waiting", key, 1);
      });
      expect((await allRows(store, "waiting")).map(([key]) => key)).toEqual(keys);
      await store.transact(async (tx) => {
        for (const [key] of await tx.range("waiting", { from: keys[1] })) tx.delete("waiting", key);
      });
      expect(await allRows(store, "waiting")).toEqual([[keys[0], 1]]);
    },
  },
  {
    name: "nothing is forgotten when the store is opened again, and nothing comes back",
    needs: "durable",
    run: async ({ open, close }) => {
      const first = await open();
      await putAll(first, "bodies", { a: "one", b: "two", c: "three" });
      await first.transact((tx) => tx.delete("bodies", "b"));
      await putAll(first, "bodies", { c: "four" });
      const undone = first.transact.bind(first, async (tx) => {
        tx.put("bodies", "d", "undone");
        await tx.get("bodies", "d");
        throw FAILURE;
      });
      await expect((async () => undone())()).rejects.toBe(FAILURE);
      await close(first);

      const second = await open();
      expect(await allRows(second, "bodies")).toEqual([
        ["a", "one"],
        ["c", "four"],
      ]);
      await putAll(second, "bodies", { e: "five" });
      await close(second);
      expect(await getOne(await open(), "bodies", "e")).toBe("five");
    },
  },
];
