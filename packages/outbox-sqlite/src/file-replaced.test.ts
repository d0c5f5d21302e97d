import { copyFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { outboxInProcess } from "../test/outbox-in-process.ts";
import { append, claimIds, event, events } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

const opened = async (path: string) => {
  const outbox = sqliteOutbox({ path, thread: "main" });
  await outbox.open();
  return outbox;
};

/** Ids that whoever opens the file next finds in it. */
const foundBy = async (path: string) => {
  const next = outboxInProcess(path);
  await next.outbox.open();
  const ids = await claimIds(next.outbox);
  await next.kill();
  return ids;
};

const CHANGES: Readonly<Record<string, (path: string) => void>> = {
  removed: (path) => rmSync(path),
  renamed: (path) => renameSync(path, `${path}.old`),
  "replaced by a copy": (path) => {
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
  },
};

test.each(Object.entries(CHANGES))(
  "a file that was %s while it was open: the call fails, and what is recorded then is found by the next process",
  async (_, change) => {
    using place = storeFolder();
    const outbox = await opened(place.path);
    await append(outbox, [event("before")]);
    change(place.path);
    await expect(append(outbox, [event("lost")])).rejects.toMatchObject({
      code: "outbox_failed",
      message: expect.stringContaining("removed or replaced"),
    });
    await append(outbox, [event("after")]);
    await claimIds(outbox);
    await outbox.close();
    const found = await foundBy(place.path);
    expect(found).toContain("after");
    expect(found).not.toContain("lost");
  },
);

test("a log that was removed: what was committed is not lost", async () => {
  using place = storeFolder();
  const outbox = await opened(place.path);
  await append(outbox, events(3));
  rmSync(`${place.path}-wal`);
  await expect(append(outbox, [event("refused")])).rejects.toMatchObject({ code: "outbox_failed" });
  await append(outbox, [event("after")]);
  expect(await outbox.accounts()).toMatchObject({ recorded: 4 });
  await outbox.close();
  expect([...(await foundBy(place.path))].toSorted()).toEqual(["after", "event-0", "event-1", "event-2"]);
});

test("after the process copied its files, which drops its locks, and another one ended: what is committed is found", async () => {
  using place = storeFolder();
  const data = join(place.folder, "data");
  const path = join(data, "outbox.db");
  const copying = outboxInProcess(path);
  await copying.outbox.open();
  await append(copying.outbox, [event("first")]);
  const ending = outboxInProcess(path);
  await ending.outbox.open();
  await append(ending.outbox, [event("of the other")]);
  copying.child.send({ copy: [data, join(place.folder, "backup")] });
  await copying.outbox.accounts();
  await ending.outbox.close();
  const committed: string[] = [];
  for (let index = 0; index < 20; index++) {
    try {
      await append(copying.outbox, [event(`late-${index}`)]);
      committed.push(`late-${index}`);
    } catch {
      // Not said to be durable.
    }
  }
  expect(committed.length).toBeGreaterThan(15);
  await copying.kill();
  expect([...(await foundBy(path))].toSorted()).toEqual([...committed, "first", "of the other"].toSorted());
});
