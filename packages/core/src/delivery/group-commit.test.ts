import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sqliteOutbox } from "../../../outbox-sqlite/src/index.ts";
import { engineRig, recordMany, usage } from "../../test/engine-rig.ts";
import { wrapOutbox } from "../../test/wrap-outbox.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meter-group-commit-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A client over a file, after its first commit, and the number of events in each commit from then on. */
const started = async () => {
  const inner = sqliteOutbox({ path: join(folder, "outbox.db"), thread: "main" });
  const commits: number[] = [];
  const outbox = wrapOutbox(inner, {
    commit: (changes) => {
      const events = changes.append.reduce((sum, { count }) => sum + count, 0);
      if (events > 0) commits.push(events);
      return inner.commit(changes);
    },
  });
  const rig = engineRig({ outbox, delivery: { maxBatchEvents: 30 } });
  rig.client.record(usage());
  await rig.clock.settle();
  return { ...rig, commits };
};

test("the first event is stored at once, the next ones together", async () => {
  const { client, clock, commits } = await started();
  expect(commits).toEqual([1]);
  for (let i = 0; i < 19; i++) {
    client.record(usage());
    await clock.advance(1);
  }
  expect(commits).toEqual([1]);
  await clock.advance(1);
  expect(commits).toEqual([1, 19]);
  await clock.advance(20);
  client.record(usage());
  await clock.settle();
  expect(commits).toEqual([1, 19, 1]);
  await client.close();
});

test("an event that somebody waits for is stored at once, with those before it", async () => {
  const { client, commits } = await started();
  client.record(usage());
  expect(await client.record(usage()).durable).toEqual({ ok: true });
  expect(commits).toEqual([1, 2]);
  await client.close();
});

test("so is a whole batch, and what a closing page leaves", async () => {
  const { client, clock, commits } = await started();
  recordMany(client, 30);
  await clock.settle();
  expect(commits).toEqual([1, 30]);
  recordMany(client, 3);
  client.sendNow();
  await clock.settle();
  expect(commits).toEqual([1, 30, 3]);
  await client.close();
});

test("the process stays until what was recorded is stored, and no longer", async () => {
  const { client, clock } = await started();
  expect(clock.timers.filter(({ holdsProcess }) => holdsProcess)).toEqual([]);
  client.record(usage());
  await clock.settle();
  expect(clock.timers.filter(({ holdsProcess }) => holdsProcess)).toMatchObject([{ inMs: 20 }]);
  await clock.advance(20);
  expect(clock.timers.filter(({ holdsProcess }) => holdsProcess)).toEqual([]);
  await client.close();
});
