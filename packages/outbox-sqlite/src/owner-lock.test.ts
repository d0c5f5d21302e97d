import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { outboxInProcess } from "../test/outbox-in-process.ts";
import { append, claimIds, commit, ended, event, events, segmentOf } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

const ownerFiles = (folder: string) => readdirSync(folder).filter((name) => name.includes(".owner-"));

test("the lock of an owner outlives the tests and the closing of others in the same process", async () => {
  using place = storeFolder();
  const [one, two, three] = [1, 2, 3].map(() => sqliteOutbox({ path: place.path, thread: "main" }));
  if (!one || !two || !three) throw new Error("three outboxes");
  for (const outbox of [one, two, three]) await outbox.open();
  await append(one, events(3));
  expect(await claimIds(two)).toEqual([]);
  await two.close();
  expect(await claimIds(three)).toEqual([]);
  await three.close();

  const other = outboxInProcess(place.path);
  await other.outbox.open();
  expect(await claimIds(other.outbox), "seen from another process").toEqual([]);
  await one.close();
  expect(await claimIds(other.outbox)).toHaveLength(3);
  await other.kill();
});

test("a frozen process keeps what it holds, and goes on with it after the thaw", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, thread: "main" });
  await outbox.open();
  const frozen = outboxInProcess(place.path);
  await frozen.outbox.open();
  await append(frozen.outbox, events(3));
  frozen.child.kill("SIGSTOP");
  expect(await claimIds(outbox)).toEqual([]);
  frozen.child.kill("SIGCONT");
  await append(frozen.outbox, [event("after the thaw")]);
  await frozen.kill();
  expect(await claimIds(outbox)).toHaveLength(4);
  await outbox.close();
});

test("nothing is left of dead owners but what they recorded", async () => {
  using place = storeFolder();
  for (const name of ["a", "b"]) {
    const mortal = outboxInProcess(place.path);
    await mortal.outbox.open();
    await append(mortal.outbox, [event(name)]);
    await mortal.kill();
  }
  expect(ownerFiles(place.folder), "of the last one").toHaveLength(1);
  const outbox = sqliteOutbox({ path: place.path, thread: "main" });
  await outbox.open();
  expect(await claimIds(outbox)).toEqual(["a", "b"]);
  expect(ownerFiles(place.folder), "its own").toHaveLength(1);
  await outbox.close();
  expect(ownerFiles(place.folder)).toEqual([]);
  expect(readdirSync(place.folder).toSorted()).toEqual(["outbox.db", "outbox.db.lock"]);
});

test("a store that was copied without its side files gives up all its rows", async () => {
  using place = storeFolder();
  const mortal = outboxInProcess(place.path);
  await mortal.outbox.open();
  await append(mortal.outbox, events(2));
  await mortal.kill();
  for (const name of ownerFiles(place.folder)) rmSync(`${place.folder}/${name}`);
  const outbox = sqliteOutbox({ path: place.path, thread: "main" });
  await outbox.open();
  expect(await claimIds(outbox)).toHaveLength(2);
  await outbox.close();
});

test("who was taken for dead does not send what another one took, and goes on as a new owner", async () => {
  using place = storeFolder();
  const [one, two] = [
    sqliteOutbox({ path: place.path, thread: "main" }),
    sqliteOutbox({ path: place.path, thread: "main" }),
  ];
  await one.open();
  await two.open();
  const held = events(2);
  const span = await append(one, held);
  for (const name of ownerFiles(place.folder)) rmSync(`${place.folder}/${name}`);
  expect(await claimIds(two)).toHaveLength(2);
  const lease = { ...span, attempts: 1, first_sent_at: undefined };
  expect((await commit(one, { lease: [lease] })).taken).toEqual([span]);
  expect((await commit(one, { end: [ended(span, held)] })).taken).toEqual([span]);
  await append(one, [event("later")]);
  expect(await claimIds(two), "the new owner lives").toEqual([]);
  expect(await one.accounts()).toMatchObject({ recorded: 3, pending: 3, acknowledged: 0 });
  await one.close();
  expect(await claimIds(two)).toEqual(["later"]);
  await two.close();
});

test.each(["removed", "opened and closed in the process that has it"])(
  "an owner whose lock file was %s goes on with what it holds, also after others have come and gone",
  async (how) => {
    using place = storeFolder();
    const outbox = sqliteOutbox({ path: place.path, thread: "main" });
    await outbox.open();
    const held = events(2);
    await append(outbox, held);
    for (const name of ownerFiles(place.folder)) {
      if (how === "removed") rmSync(join(place.folder, name));
      // POSIX drops all locks that a process has on a file when it closes any descriptor of it.
      else closeSync(openSync(join(place.folder, name), "r"));
    }
    expect(await claimIds(outbox)).toEqual([]);
    const other = outboxInProcess(place.path);
    await other.outbox.open();
    const taken = await claimIds(other.outbox);
    await other.kill();
    await append(outbox, [event("later")]);
    await claimIds(outbox);
    await outbox.close();
    const heir = outboxInProcess(place.path);
    await heir.outbox.open();
    const left = await claimIds(heir.outbox);
    expect([...new Set([...taken, ...left])].toSorted()).toEqual(["event-0", "event-1", "later"]);
    expect(await heir.outbox.accounts()).toMatchObject({ recorded: 3, pending: 3 });
    await heir.kill();
  },
);

test("processes that open, write and claim at once on one file lose nothing and take nothing twice", async () => {
  using place = storeFolder();
  const processes = Array.from({ length: 4 }, () => outboxInProcess(place.path));
  const taken: string[] = [];
  await Promise.all(
    processes.map(async ({ outbox }, process) => {
      await outbox.open();
      for (let round = 0; round < 10; round++) {
        const fresh = events(10, `${process}-${round}`);
        await commit(outbox, { append: [segmentOf(fresh, { hold: false })] });
        taken.push(...(await claimIds(outbox, { maxEvents: 7 })));
      }
    }),
  );
  expect(new Set(taken).size).toBe(taken.length);
  const [first] = processes;
  const rest = first === undefined ? [] : await claimIds(first.outbox);
  expect(new Set([...taken, ...rest]).size).toBe(400);
  expect(await first?.outbox.accounts()).toMatchObject({ recorded: 400, pending: 400 });
  for (const { kill } of processes) await kill();
});
