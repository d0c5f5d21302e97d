import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { MayHaveCommitted } from "@meter-lib/core/store";
import { expect, test } from "vitest";
import { append, claimIds, event, events } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

const recordAndEnd = fileURLToPath(new URL("../test/record-and-end.ts", import.meta.url));
const recordBesideAgent = fileURLToPath(new URL("../test/record-beside-agent.ts", import.meta.url));
const agent = fileURLToPath(new URL("../test/agent.cjs", import.meta.url));
/** Nothing else ends a program that is waited for synchronously. */
const HANGS_AFTER_MS = 120_000;

const run = (path: string, how: string) =>
  execFileSync(process.execPath, ["--conditions=source", recordAndEnd, path, how], {
    encoding: "utf8",
    timeout: HANGS_AFTER_MS,
  });

const runBesideAgent = (path: string, env: NodeJS.ProcessEnv = {}) => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--conditions=source", recordBesideAgent, path],
    {
      encoding: "utf8",
      timeout: HANGS_AFTER_MS,
      env: { ...process.env, NODE_OPTIONS: `--require "${agent}"`, ...env },
    },
  );
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return JSON.parse(stdout);
};

test("a process ends by itself with its outbox open, after the commits that were under way", async () => {
  using place = storeFolder();
  expect(run(place.path, "let-end")).toBe("committed\n");
  const outbox = sqliteOutbox({ path: place.path });
  await outbox.open();
  expect(await claimIds(outbox)).toEqual(["awaited", "not awaited"]);
  await outbox.close();
});

test("a process that exits at once keeps what was reported", async () => {
  using place = storeFolder();
  expect(run(join(place.folder, "other.db"), "exit")).toBe("committed\n");
  const outbox = sqliteOutbox({ path: join(place.folder, "other.db") });
  await outbox.open();
  expect(await claimIds(outbox)).toContain("awaited");
  await outbox.close();
});

test("what an agent that is preloaded says on the thread's port is not heard", () => {
  using place = storeFolder();
  expect(runBesideAgent(place.path)).toMatchObject({ outcomes: [], accounts: { recorded: 2, pending: 2 } });
});

test("a thread that ends is started again as a new owner; a commit under way may have happened, or not", () => {
  using place = storeFolder();
  const { outcomes, accounts, claimed } = runBesideAgent(place.path, {
    END_THREAD_WHEN: join(place.folder, "end"),
  });
  expect(outcomes.length).toBeLessThanOrEqual(1);
  for (const name of outcomes) expect(name).toBe(MayHaveCommitted.name);
  expect(claimed, "what the old owner held").toContain("first");
  expect(accounts.recorded).toBe(accounts.pending);
});

test("closing does not wait for a thread that hangs", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, busyTimeoutMs: 60_000 });
  await outbox.open();
  await append(outbox, events(2));
  // As on a disk that hangs: another one has the file, and does not let go.
  const other = new DatabaseSync(place.path);
  other.exec("BEGIN IMMEDIATE");
  const hanging = append(outbox, [event("hangs")]);
  const rejected = expect(hanging).rejects.toBeInstanceOf(MayHaveCommitted);
  const from = performance.now();
  await outbox.close();
  expect(performance.now() - from).toBeLessThan(30_000);
  await rejected;
  other.close();
});
