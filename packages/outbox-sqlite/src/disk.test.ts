import { execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { canTrace } from "../test/disk-trace.ts";
import { append, claimIds, commit, ended, event, events, segmentOf } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

/** A file system of a megabyte; undefined where this process may not mount one. */
const smallDisk = (): string | undefined => {
  const place = storeFolder();
  const disk = join(place.folder, "disk");
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    place[Symbol.dispose]();
    return undefined;
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", disk]);
    place[Symbol.dispose]();
  });
  return disk;
};

describe("on a file system of its own", () => {
  test("a full disk rejects the commit, nothing of it is done, and it works again when there is room", async ({
    skip,
  }) => {
    const disk = smallDisk() ?? skip("mounting a tmpfs needs root");
    const outbox = sqliteOutbox({ path: join(disk, "outbox.db"), thread: "main" });
    await outbox.open();
    const first = events(20, "first");
    const span = { ...(await append(outbox, first)), to: 10 };
    const changes = { end: [ended(span, first)], append: [segmentOf(events(300, "large"))] };
    // All but a few pages of the disk.
    writeFileSync(join(disk, "ballast"), Buffer.alloc(8_192));
    const ballast = Buffer.alloc(4_096);
    let full = false;
    for (let part = 0; !full; part++) {
      try {
        writeFileSync(join(disk, `ballast-${part}`), ballast);
      } catch {
        full = true;
      }
    }
    const before = await outbox.accounts();
    await expect(commit(outbox, changes)).rejects.toMatchObject({
      code: "no_room",
      message: expect.stringContaining("no room on the disk"),
    });
    expect(await outbox.accounts()).toEqual(before);
    expect(await outbox.list({ limit: 1_000 })).toHaveLength(20);

    for (let part = 0; part < 120; part++) rmSync(join(disk, `ballast-${part}`), { force: true });
    await commit(outbox, changes);
    expect(await outbox.accounts()).toMatchObject({ recorded: 320, acknowledged: 10, pending: 310 });
    await outbox.close();
  });

  test("a disk that became read-only rejects the commit; what is there can still be read", async ({
    skip,
  }) => {
    const disk = smallDisk() ?? skip("mounting a tmpfs needs root");
    const path = join(disk, "outbox.db");
    const outbox = sqliteOutbox({ path, thread: "main" });
    await outbox.open();
    await append(outbox, events(3));
    await outbox.close();
    execFileSync("mount", ["-o", "remount,ro", disk]);
    const again = sqliteOutbox({ path, thread: "main" });
    await expect(Promise.resolve(again.open())).rejects.toMatchObject({ code: "outbox_failed" });
    execFileSync("mount", ["-o", "remount,rw", disk]);
    await again.open();
    expect(await claimIds(again)).toHaveLength(3);
    await again.close();
  });
});

test("a commit that fails on its way to the disk may have happened; the next ones work again when the disk does", async ({
  skip,
}) => {
  if (!canTrace()) skip("strace is missing, or may not trace here");
  using place = storeFolder();
  const script = fileURLToPath(new URL("../test/record-when-told.ts", import.meta.url));
  const child = fork(script, [place.path], { execArgv: ["--conditions=source"] });
  const said = async (): Promise<unknown> => (await once(child, "message"))[0];
  const record = (id: string) => {
    const answer = said();
    child.send(id);
    return answer;
  };
  expect(await said()).toBe("open");
  expect(await record("before")).toBe("recorded");
  const calls = ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"];
  const strace = spawn("strace", ["-f", "-p", String(child.pid), "-o", "/dev/null", ...calls], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await once(strace.stderr, "data");
  expect(await record("doubtful")).toBe("MayHaveCommitted");
  strace.kill("SIGTERM");
  await once(strace, "exit");
  let after = await record("after");
  // What failed is opened anew; that may fail once more, with nothing done.
  if (after !== "recorded") after = await record("after");
  expect(after).toBe("recorded");
  child.kill("SIGKILL");
  await once(child, "exit");
  const outbox = sqliteOutbox({ path: place.path, thread: "main" });
  await outbox.open();
  const found = await claimIds(outbox);
  expect(found).toEqual(expect.arrayContaining(["before", "after"]));
  await outbox.close();
});

test("a file that another process keeps locked is waited for", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path });
  await outbox.open();
  const other = new DatabaseSync(place.path);
  other.exec("BEGIN IMMEDIATE");
  let turns = 0;
  const count = setInterval(() => turns++, 1);
  const appended = append(outbox, [event("waits")]);
  // The event loop of this thread goes round meanwhile.
  while (turns < 10) await new Promise((resolve) => setTimeout(resolve, 1));
  clearInterval(count);
  other.exec("COMMIT");
  other.close();
  await appended;
  expect(await outbox.accounts()).toMatchObject({ recorded: 1 });
  await outbox.close();
});

test("one that stays locked rejects the call; nothing of it is done", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, busyTimeoutMs: 30 });
  await outbox.open();
  const other = new DatabaseSync(place.path);
  other.exec("BEGIN IMMEDIATE");
  await expect(append(outbox, [event("too late")])).rejects.toMatchObject({
    code: "outbox_failed",
    message: expect.stringContaining("another process keeps the file locked"),
  });
  other.exec("COMMIT");
  other.close();
  expect(await outbox.accounts()).toMatchObject({ recorded: 0 });
  await append(outbox, [event("in time")]);
  expect(await outbox.accounts()).toMatchObject({ recorded: 1 });
  await outbox.close();
});
