import { expect, test } from "vitest";
import { dedupStoreConformance } from "../testing/dedup-store-conformance.ts";
import { memoryDedup } from "./memory-dedup.ts";

dedupStoreConformance({
  name: "memoryDedup",
  shared: false,
  create: (settings) => ({ store: () => memoryDedup(settings), dispose: () => {} }),
});

const claim = (event_id: string, now: number, tenant_id = "t") => ({
  tenant_id,
  owner: `owner of ${event_id}`,
  now,
  leaseMs: 10,
  entries: [{ event_id, note: "" }],
});

test("when it is full it turns new identities away, keeps the old ones, and has room again after the window", async () => {
  const store = memoryDedup({ maxEntries: 2, maxEntriesPerTenant: 2, windowMs: 100 });
  for (const id of ["a", "b"]) await store.claim(claim(id, 0));
  expect(() => store.claim(claim("c", 50))).toThrow(expect.objectContaining({ code: "no_room" }));
  expect(await store.claim(claim("a", 5))).toMatchObject([{ state: "claimed" }]);
  expect(await store.claim(claim("c", 105))).toMatchObject([{ state: "claimed", lapsed: false }]);
});

test("one tenant fills no more than its share", async () => {
  const store = memoryDedup({ maxEntries: 8 });
  for (const id of ["a", "b"]) await store.claim(claim(id, 0, "greedy"));
  expect(() => store.claim(claim("c", 0, "greedy"))).toThrow(expect.objectContaining({ code: "no_room" }));
  expect(await store.claim(claim("c", 0, "modest"))).toMatchObject([{ state: "claimed" }]);
  await store.settle({ tenant_id: "greedy", owner: "owner of a", now: 0, confirmed: [], released: ["a"] });
  expect(await store.claim(claim("c", 0, "greedy"))).toMatchObject([{ state: "claimed" }]);
});

const NOW = 1_000;

test.each<[string, readonly string[], readonly string[]]>([
  ["all", ["a", "b", "c"], []],
  ["all, in another order", ["c", "a", "b"], []],
  ["some", ["a", "c"], ["b"]],
  ["most, with one that was not claimed", ["a", "b", "d"], ["c"]],
])("a request settles %s of what it claimed at once", async (_, confirmed, released) => {
  const store = memoryDedup({ windowMs: 100 });
  const entries = (ids: readonly string[]) =>
    ids.map((event_id) => ({ event_id, note: `note of ${event_id}` }));
  const all = (owner: string, now: number) =>
    store.claim({ tenant_id: "t", owner, now, leaseMs: 10, entries: entries(["a", "b", "c", "d"]) });
  await store.claim({
    tenant_id: "t",
    owner: "one",
    now: NOW,
    leaseMs: 10,
    entries: entries(["a", "b", "c"]),
  });
  await store.settle({ tenant_id: "t", owner: "one", now: NOW + 5, confirmed: entries(confirmed), released });
  const states = (await all("two", NOW + 6)).map(({ state }) => state);
  expect(states).toEqual(
    ["a", "b", "c", "d"].map((id) => (confirmed.includes(id) ? "confirmed" : "claimed")),
  );
  await store.settle({
    tenant_id: "t",
    owner: "two",
    now: NOW + 7,
    confirmed: [],
    released: ["a", "b", "c", "d"],
  });
  const later = await all("three", NOW + 104);
  expect(later.map(({ state }) => state)).toEqual(states);
  expect(await all("four", NOW + 300)).toMatchObject(Array(4).fill({ state: "claimed", lapsed: false }));
});

test.each([{ windowMs: 0 }, { maxEntries: 1.5 }, { maxEntriesPerTenant: Number.NaN }])(
  "refuses the options %o",
  (options) => {
    expect(() => memoryDedup(options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
  },
);
