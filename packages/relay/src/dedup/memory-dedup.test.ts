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

test.each([{ windowMs: 0 }, { maxEntries: 1.5 }, { maxEntriesPerTenant: Number.NaN }])(
  "refuses the options %o",
  (options) => {
    expect(() => memoryDedup(options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
  },
);
