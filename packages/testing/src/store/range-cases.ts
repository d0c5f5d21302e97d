import type { KeyRange, Store } from "@meter-lib/core/store";
import { expect } from "../expect.ts";
import { putAll, type StoreCase } from "./store-case.ts";

const withKeys = async (store: Store, keys: readonly string[]): Promise<void> =>
  putAll(store, "held", Object.fromEntries(keys.map((key) => [key, 1])));

const keysIn = async (store: Store, range: KeyRange): Promise<readonly string[]> =>
  store.transact(async (tx) => (await tx.range("held", range)).map(([key]) => key));

export const rangeCases: readonly StoreCase[] = [
  {
    name: "a range begins with `from` and ends before `before`, whether there are such keys or not",
    run: async ({ open }) => {
      const store = await open();
      await withKeys(store, ["b", "d", "f", "h"]);
      expect(await keysIn(store, {})).toEqual(["b", "d", "f", "h"]);
      expect(await keysIn(store, { from: "d" })).toEqual(["d", "f", "h"]);
      expect(await keysIn(store, { from: "c" })).toEqual(["d", "f", "h"]);
      expect(await keysIn(store, { before: "f" })).toEqual(["b", "d"]);
      expect(await keysIn(store, { before: "g" })).toEqual(["b", "d", "f"]);
      expect(await keysIn(store, { from: "d", before: "h" })).toEqual(["d", "f"]);
      expect(await keysIn(store, { from: "b", before: "b0" })).toEqual(["b"]);
    },
  },
  {
    name: "a range may be empty",
    run: async ({ open }) => {
      const store = await open();
      expect(await keysIn(store, { from: "a", before: "z" }), "of an empty table").toEqual([]);
      await withKeys(store, ["b", "d"]);
      expect(await keysIn(store, { from: "e" })).toEqual([]);
      expect(await keysIn(store, { before: "b" })).toEqual([]);
      expect(await keysIn(store, { from: "c", before: "d" })).toEqual([]);
      expect(await keysIn(store, { from: "b", before: "b" })).toEqual([]);
      expect(await keysIn(store, { from: "d", before: "b" }), "the wrong way round").toEqual([]);
      expect(await keysIn(store, { from: "d", before: "b", reverse: true })).toEqual([]);
    },
  },
  {
    name: "`limit` takes the first of them; with `reverse` they come from the last one on",
    run: async ({ open }) => {
      const store = await open();
      await withKeys(store, ["a", "b", "c", "d", "e"]);
      expect(await keysIn(store, { limit: 2 })).toEqual(["a", "b"]);
      expect(await keysIn(store, { limit: 9 })).toEqual(["a", "b", "c", "d", "e"]);
      expect(await keysIn(store, { from: "b", limit: 1 })).toEqual(["b"]);
      expect(await keysIn(store, { reverse: true })).toEqual(["e", "d", "c", "b", "a"]);
      expect(await keysIn(store, { reverse: true, limit: 2 })).toEqual(["e", "d"]);
      expect(await keysIn(store, { from: "b", before: "d", reverse: true })).toEqual(["c", "b"]);
      expect(await keysIn(store, { from: "b", before: "e", reverse: true, limit: 1 })).toEqual(["d"]);
    },
  },
  {
    name: "keys sort by the codes of their characters",
    run: async ({ open }) => {
      const store = await open();
      const keys = [
        "!",
        "%",
        "%20",
        "'",
        "*",
        "-",
        ".",
        "/",
        "0000000000000009",
        "0000000000000010",
        "10",
        "9",
        "=",
        "A",
        "Z",
        "[a]",
        "\\",
        "_",
        "__proto__",
        "a",
        "a!",
        "a/",
        "a/1",
        "a/10",
        "a/9",
        "a0",
        "constructor",
        "toString",
        "z",
        "~",
      ];
      await withKeys(store, keys.toReversed());
      expect(await keysIn(store, {})).toEqual(keys);
      expect(await keysIn(store, { from: "a/", before: "a0" }), "everything under a prefix").toEqual([
        "a/",
        "a/1",
        "a/10",
        "a/9",
      ]);
      expect(await keysIn(store, { from: "%", before: "%~" }), "no character is a wildcard").toEqual([
        "%",
        "%20",
      ]);
      expect(await store.transact((tx) => tx.get("held", "A"))).toBe(1);
      expect(await store.transact((tx) => tx.get("held", "B")), "case counts").toBeUndefined();
      expect(await store.transact((tx) => tx.get("held", "valueOf"))).toBeUndefined();
    },
  },
  {
    name: "keys may be as long as the longest names together",
    run: async ({ open }) => {
      const store = await open();
      // A tenant's id of 255 characters, each of which takes nine as a part of a key, and an event's.
      const prefix = "%E7%A7%9F".repeat(255);
      const keys = [`${prefix}/${"a".repeat(254)}`, `${prefix}/${"a".repeat(255)}`, `${prefix}/b`];
      await withKeys(store, keys.toReversed());
      expect(await keysIn(store, { from: `${prefix}/`, before: `${prefix}0` })).toEqual(keys);
    },
  },
];
