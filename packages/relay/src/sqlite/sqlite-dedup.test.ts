import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DedupStore } from "../dedup-store.ts";
import { memoryDedup } from "../memory-dedup.ts";
import { dedupStoreConformance } from "../testing/dedup-store-conformance.ts";
import { sqliteDedup } from "./sqlite-dedup.ts";

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
  const event_id = fc.constantFrom("1", "2");
  const tenant_id = fc.constantFrom("s", "t");
  const step = fc.oneof(
    fc.record({ call: fc.constant("claim" as const), owner, event_id, tenant_id, after: fc.nat(40) }),
    fc.record({ call: fc.constant("confirm" as const), owner, event_id, tenant_id, after: fc.nat(40) }),
    fc.record({ call: fc.constant("release" as const), owner, event_id, tenant_id, after: fc.nat(40) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const run = async (store: DedupStore) => {
        const answers: unknown[] = [];
        let now = 1_000;
        for (const [index, { call, owner, event_id, tenant_id, after }] of steps.entries()) {
          now += after;
          const entries = [{ event_id, note: `note ${index}` }];
          if (call === "claim")
            answers.push(await store.claim({ tenant_id, owner, now, leaseMs: 30, entries }));
          else if (call === "confirm") await store.confirm({ tenant_id, now, entries });
          else await store.release({ tenant_id, owner, event_ids: [event_id] });
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
  await first.confirm({ tenant_id: "t", now: 1_000, entries: claim.entries });
  await first[Symbol.asyncDispose]?.();
  const second = sqliteDedup({ path });
  expect(await second.claim({ ...claim, owner: "b" })).toEqual([{ state: "confirmed", note: "first" }]);
  await second[Symbol.asyncDispose]?.();
});

test("when it is full it turns new identities away, and has room again after the window", async () => {
  const store = sqliteDedup({ path: newPath(), maxEntries: 2, windowMs: 100 });
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

test.each([{ path: "" }, { path: ":memory:" }, { path: "x", windowMs: -1 }])("refuses %o", (options) => {
  expect(() => sqliteDedup(options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
});
