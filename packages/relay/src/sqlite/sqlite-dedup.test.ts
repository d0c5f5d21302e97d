import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DedupStore } from "../dedup/dedup-store.ts";
import { memoryDedup } from "../dedup/memory-dedup.ts";
import { dedupStoreConformance } from "../testing/dedup-store-conformance.ts";
import { type SqliteDedupOptions, sqliteDedup } from "./sqlite-dedup.ts";

let folder = "";
let files = 0;
const newPath = (): string => join(folder, `dedup-${++files}.db`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meter-dedup-"));
});
afterAll(() => rm(folder, { recursive: true }));

dedupStoreConformance({
  name: "sqliteDedup",
  shared: true,
  create: ({ windowMs }) => {
    const path = newPath();
    return { store: () => sqliteDedup({ path, windowMs }), dispose: () => {} };
  },
});

test("it says what memoryDedup says, whatever is asked of it", async () => {
  const owner = fc.constantFrom("a", "b", "");
  const tenant_id = fc.constantFrom("s", "t");
  const call = fc.constantFrom("claim", "confirm", "release");
  const holder = fc.constantFrom("", "outbox 1", "outbox 2");
  const event_ids = fc.subarray(["1", "2", "3"], { minLength: 1 });
  const step = fc.record({ call, owner, holder, event_ids, tenant_id, after: fc.nat(40) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const run = async (store: DedupStore) => {
        const answers: unknown[] = [];
        let now = 1_000;
        for (const [index, { call, owner, holder, event_ids, tenant_id, after }] of steps.entries()) {
          now += after;
          const entries = event_ids.map((event_id) => ({ event_id, note: `note ${index}` }));
          const confirmed = call === "confirm" ? entries : [];
          const released = call === "release" ? event_ids : [];
          if (call === "claim")
            answers.push(await store.claim({ tenant_id, owner, holder, now, leaseMs: 30, entries }));
          else await store.settle({ tenant_id, owner, now, confirmed, released });
        }
        await store[Symbol.asyncDispose]?.();
        return answers;
      };
      const expected = await run(memoryDedup({ windowMs: 100 }));
      expect(await run(sqliteDedup({ path: newPath(), windowMs: 100 }))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test("a new process knows what the last one knew", async () => {
  const path = newPath();
  const claim = { tenant_id: "t", leaseMs: 30, now: 1_000, entries: [{ event_id: "e", note: "first" }] };
  const first = sqliteDedup({ path });
  await first.claim({ ...claim, owner: "a" });
  await first.settle({ tenant_id: "t", owner: "a", now: 1_000, confirmed: claim.entries, released: [] });
  await first[Symbol.asyncDispose]?.();
  const second = sqliteDedup({ path });
  expect(await second.claim({ ...claim, owner: "b" })).toEqual([{ state: "confirmed", note: "first" }]);
  await second[Symbol.asyncDispose]?.();
});

test("when it is full it turns new identities away, and has room again after the window", async () => {
  const store = sqliteDedup({ path: newPath(), maxEntries: 2, maxEntriesPerTenant: 2, windowMs: 100 });
  const claim = (event_id: string, now: number) => ({
    tenant_id: "t",
    owner: "a",
    now,
    leaseMs: 10,
    entries: [{ event_id, note: "" }],
  });
  for (const id of ["a", "b"]) await store.claim(claim(id, 0));
  expect(() => store.claim(claim("c", 50))).toThrow(expect.objectContaining({ code: "no_room" }));
  expect(await store.claim(claim("a", 50))).toMatchObject([{ state: "claimed" }]);
  expect(await store.claim(claim("c", 151))).toMatchObject([{ state: "claimed", lapsed: false }]);
  await store[Symbol.asyncDispose]?.();
});

const open = (options: Omit<SqliteDedupOptions, "path">, path = newPath()) => {
  const store = sqliteDedup({ path, ...options });
  const claim = (tenant_id: string, event_ids: readonly string[], now = 0, owner = "a") =>
    store.claim({
      tenant_id,
      owner,
      now,
      leaseMs: 10,
      entries: event_ids.map((event_id) => ({ event_id, note: "" })),
    });
  return { store, claim };
};
const idsOf = (count: number, prefix = "id") =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const noRoom = expect.objectContaining({ code: "no_room" });

test("one tenant fills no more than its share, and what it has stays its own", async () => {
  const { store, claim } = open({ maxEntries: 8 });
  await claim("greedy", ["a", "b"]);
  expect(() => claim("greedy", ["c"])).toThrow(noRoom);
  expect(() => claim("modest", idsOf(3))).toThrow(noRoom);
  expect(await claim("modest", ["c"])).toMatchObject([{ state: "claimed" }]);
  expect(await claim("greedy", ["a", "b"])).toMatchObject([{ state: "claimed" }, { state: "claimed" }]);
  await store.settle({ tenant_id: "greedy", owner: "a", now: 0, confirmed: [], released: ["a"] });
  expect(await claim("greedy", ["c"])).toMatchObject([{ state: "claimed" }]);
  await store[Symbol.asyncDispose]?.();
});

test("room is counted by what is held: one id that stays uses up none of the room of those that are gone", async () => {
  const { store, claim } = open({ maxEntries: 200, maxEntriesPerTenant: 200, windowMs: 100 });
  for (let round = 0; round < 20; round++) {
    const now = round * 60;
    await claim("t", ["pin"], now, `owner-${round}`);
    await claim("t", idsOf(50, `round-${round}`), now);
  }
  await store[Symbol.asyncDispose]?.();
});

test("a store that is full forgets on with every call, until there is room again", async () => {
  const { store, claim } = open({ maxEntries: 3_000, maxEntriesPerTenant: 2_500, windowMs: 100 });
  await claim("t", idsOf(2_500));
  // More than one call forgets at once.
  expect(() => claim("t", idsOf(1_600, "next"), 200)).toThrow(noRoom);
  expect(await claim("t", idsOf(1_600, "next"), 200)).toHaveLength(1_600);
  await store[Symbol.asyncDispose]?.();
});

test("what is counted holds for all that share the file, and after a restart", async () => {
  const path = newPath();
  const first = open({ maxEntries: 8 }, path);
  const second = open({ maxEntries: 8 }, path);
  await first.claim("t", ["a"]);
  await second.claim("t", ["b"]);
  expect(() => first.claim("t", ["c"])).toThrow(noRoom);
  for (const { store } of [first, second]) await store[Symbol.asyncDispose]?.();
  const third = open({ maxEntries: 8 }, path);
  expect(() => third.claim("t", ["c"])).toThrow(noRoom);
  await third.store[Symbol.asyncDispose]?.();
});

test("the file is for its owner alone", async () => {
  const path = newPath();
  const store = sqliteDedup({ path });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await store[Symbol.asyncDispose]?.();
});

test("a file of somebody else, or of another version, is left alone", async () => {
  const text = newPath();
  await writeFile(
    text,
    "These are notes, and they are long enough to be taken for a database at first. ".repeat(9),
  );
  const foreign = newPath();
  const other = new DatabaseSync(foreign);
  other.exec("CREATE TABLE theirs (id INTEGER)");
  other.close();
  const newer = newPath();
  await sqliteDedup({ path: newer })[Symbol.asyncDispose]?.();
  const changed = new DatabaseSync(newer);
  changed.exec("PRAGMA user_version = 99");
  changed.close();
  for (const path of [text, foreign, newer]) {
    expect(() => sqliteDedup({ path })).toThrow(
      expect.objectContaining({ code: "invalid_options", message: expect.stringMatching(/^path: expected/) }),
    );
  }
});

test.each([
  { path: "" },
  { path: ":memory:" },
  { path: "x", windowMs: -1 },
  { path: "x", maxEntriesPerTenant: 0 },
])("refuses %o", (options) => {
  expect(() => sqliteDedup(options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
});
