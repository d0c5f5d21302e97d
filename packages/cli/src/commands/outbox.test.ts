import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MeterClient, memoryTransport, type Transport } from "@meter-lib/core";
import type { SendAnswer } from "@meter-lib/core/transport";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { createSandbox } from "@meter-lib/sandbox";
import { describe, expect, test } from "vitest";
import { runHere } from "../testing/run-here.ts";
import { TempFolder } from "../testing/temp-folder.ts";

const customerLookup = { lookup: async () => ({ state: "found" as const, customer_id: "cust_a" }) };
const EVENT_TIME = Date.parse("2026-11-01T10:00:00Z");

const answering = (state: "rejected" | "unsure"): Transport => ({
  ...memoryTransport(),
  send: async ({ events }): Promise<SendAnswer> => ({
    outcomes: events.map(() => ({ state, reason: "no such plan", status: 422 })),
  }),
});

/** Names, sizes and times of all files but SQLite's index in memory. */
const contentsOf = async ({ path }: TempFolder) => {
  const names = (await readdir(path)).filter((name) => !name.endsWith("-shm"));
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(path, name));
      return { name, size, mtimeMs };
    }),
  );
};

/** An outbox with two dead letters or two quarantined events of tenant a, e1 and e2. */
const outboxWith = async (folder: TempFolder, state: "rejected" | "unsure"): Promise<string> => {
  const path = join(folder.path, "outbox.db");
  await using client = new MeterClient({
    transport: answering(state),
    customerLookup,
    outbox: sqliteOutbox({ path }),
    delivery: { lingerMs: 0 },
  });
  const receipts = [1, 2].map((number) =>
    client.record({
      tenant_id: "a",
      device_id: "d",
      meter_id: "page.processed.basic",
      total_usage: number,
      event_id: `e${number}`,
      event_time: EVENT_TIME,
    }),
  );
  await Promise.all(receipts.map(({ settled }) => settled));
  return path;
};

describe.concurrent("meter outbox", { timeout: 240_000 }, () => {
  test("freezes past hours; what changes in one later is a row of the next", async () => {
    await using folder = await TempFolder.create();
    const file = await outboxWith(folder, "rejected");
    const before = ["--before", "2026-11-01T11:59:00Z"];
    expect(await runHere(["outbox", "freeze", file, "--before", "2999-01-01T00:00:00Z"])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("a time that has passed"),
    });
    expect(await runHere(["outbox", "freeze", file, ...before])).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining("before 2026-11-01T11:00:00"),
    });
    const about = ["--tenant", "a", "--reason", "a test"];
    expect(await runHere(["outbox", "cancel", file, "e2", ...about])).toMatchObject({ exit: 0 });
    const ledger = await runHere(["outbox", "ledger", file, "--json"]);
    expect(JSON.parse(ledger.stdout)).toMatchObject([
      { hour: Date.parse("2026-11-01T10:00:00Z"), recorded: 2, recorded_usage: 3 },
      {
        hour: Date.parse("2026-11-01T11:00:00Z"),
        corrects: Date.parse("2026-11-01T10:00:00Z"),
        recorded: -1,
        recorded_usage: -2,
      },
    ]);
    const shown = await runHere(["outbox", "ledger", file, "--from", "2026-11-01T11:00:00Z"]);
    expect(shown.stdout).toMatch(/2026-11-01T11 .* -1 .* -2 .* 2026-11-01T10/);
  });

  test("lists, shows, redrives and drains what was rejected", async () => {
    await using folder = await TempFolder.create();
    const file = await outboxWith(folder, "rejected");
    const list = await runHere(["outbox", "list", file]);
    expect(list).toMatchObject({ exit: 0, stderr: "" });
    expect(list.stdout).toContain("2 recorded, 0 acknowledged, 0 pending, 2 rejected");
    expect(list.stdout).toMatch(
      /e1 +rejected +a +page\.processed\.basic +1 +2026-11-01T10:00:00\.000Z +1 +422 no such plan/,
    );
    const show = await runHere(["outbox", "show", file, "e2"]);
    expect(show.stdout).toContain("reason: no such plan");
    expect(show.stdout).toContain("total_usage: 2");
    expect(await runHere(["outbox", "show", file, "e3"])).toMatchObject({ exit: 4 });
    const one = await runHere(["outbox", "redrive", file, "--state", "rejected", "--id", "e1", "--json"]);
    expect(JSON.parse(one.stdout)).toEqual({ redriven: 1 });
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    const drain = await runHere(["outbox", "drain", file, "--base-url", sandbox.url]);
    expect(drain.stdout).toBe("1 event delivered; 1 rejected.\n");
    expect(sandbox.usage()).toMatchObject([{ total_usage: 1 }]);
  });

  test("an event that was never counted is amended or taken back; what may be counted needs a receiver that takes it", async () => {
    await using folder = await TempFolder.create();
    const file = await outboxWith(folder, "rejected");
    const about = ["--tenant", "a", "--reason", "a slip"];
    const amended = await runHere(["outbox", "amend", file, "e1", ...about, "--usage", "7"]);
    expect(amended).toMatchObject({ exit: 0, stderr: "" });
    expect(amended.stdout).toContain("goes out with what it says now");
    expect(await runHere(["outbox", "cancel", file, "e2", ...about, "--json"])).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining("withdrawn"),
    });
    expect(await runHere(["outbox", "cancel", file, "e3", ...about])).toMatchObject({ exit: 4 });
    const wrong = await runHere(["outbox", "amend", file, "e1", ...about, "--end", "now"]);
    expect(wrong).toMatchObject({ exit: 3, stderr: expect.stringContaining("end_time") });
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    const drain = ["outbox", "drain", file, "--base-url", sandbox.url, "--dialect", "kafka-rest"];
    expect(await runHere(drain)).toMatchObject({ exit: 0 });
    expect(sandbox.usage()).toMatchObject([{ events: 1, total_usage: 7 }]);
    const counted = await runHere(["outbox", "cancel", file, "e1", ...about]);
    expect(counted.stderr).toContain("--receiver-takes says so");
    expect(await runHere(["outbox", "cancel", file, "e1", ...about, "--receiver-takes"])).toMatchObject({
      exit: 0,
    });
    expect(await runHere(drain)).toMatchObject({ exit: 0 });
    expect(sandbox.usage()).toMatchObject([{ events: 0, total_usage: 0 }]);
    expect(await runHere(["reconcile", file, "--base-url", sandbox.url])).toMatchObject({ exit: 0 });
  });

  test("what may have been counted is sent again only by somebody who says so", async () => {
    await using folder = await TempFolder.create();
    const file = await outboxWith(folder, "unsure");
    const all = ["outbox", "redrive", file, "--state", "quarantined", "--all"];
    expect(await runHere(all)).toMatchObject({ exit: 2 });
    const twice = await runHere([...all, "--may-count-twice"]);
    expect(twice.stdout).toContain("2 events pending again. Deliver them with: meter outbox drain");
  });

  test("discards with a reason", async () => {
    await using folder = await TempFolder.create();
    const file = await outboxWith(folder, "rejected");
    const select = ["outbox", "discard", file, "--state", "rejected", "--tenant", "a"];
    expect((await runHere(select)).stderr).toContain("required option '--reason <text>' not specified");
    expect((await runHere([...select, "--reason", "test data"])).stdout).toBe("2 events discarded.\n");
    const { stdout } = await runHere(["outbox", "list", file, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ accounts: { discarded: 2, rejected: 0 }, events: [] });
    const gone = await runHere(["outbox", "list", file, "--state", "discarded"]);
    expect(gone.stdout).toMatch(/e1 +discarded +a +page\.processed\.basic +2026-11-01T10h +test data/);
    const one = await runHere(["outbox", "show", file, "e2", "--json"]);
    expect(JSON.parse(one.stdout)).toMatchObject([
      { state: "discarded", event_id: "e2", tenant_id: "a", reason: "test data" },
    ]);
    expect((await runHere(["outbox", "show", file, "e2"])).stdout).toContain("reason: test data");
  });

  test("erases a tenant: no event, letter or id of it is left, and the accounts say what became of them", async () => {
    await using folder = await TempFolder.create();
    const file = await outboxWith(folder, "rejected");
    expect((await runHere(["outbox", "erase", file])).stderr).toContain("'--tenant <id>' not specified");
    expect(await runHere(["outbox", "erase", file, "--tenant", "nobody"])).toMatchObject({
      exit: 0,
      stdout: "0 events erased and counted as discarded.\n",
    });
    const erased = await runHere(["outbox", "erase", file, "--tenant", "a"]);
    expect(erased).toMatchObject({ exit: 0, stdout: "2 events erased and counted as discarded.\n" });
    const { stdout } = await runHere(["outbox", "list", file, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      accounts: { recorded: 2, discarded: 2, rejected: 0 },
      events: [],
    });
    expect((await runHere(["outbox", "list", file, "--state", "discarded"])).stdout).not.toContain("e1");
  });

  test("what it exports can be imported elsewhere, under the same ids", async () => {
    await using folder = await TempFolder.create();
    const file = await outboxWith(folder, "rejected");
    const { stdout } = await runHere(["outbox", "export", file, "--state", "rejected"]);
    const exported = await folder.file("rejected.ndjson", stdout);
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    expect(await runHere(["import", exported, "--base-url", sandbox.url])).toMatchObject({ exit: 0 });
    expect(sandbox.usage()).toMatchObject([{ total_usage: 3, events: 2 }]);
    const twice = await runHere([
      "import",
      exported,
      "--base-url",
      sandbox.url,
      "--outbox",
      join(folder.path, "o.db"),
    ]);
    expect(twice.exit).toBe(0);
    expect(sandbox.usage()).toMatchObject([{ total_usage: 3, events: 2, duplicates: 2 }]);
  });

  test("looking changes nothing: of a live service, of a damaged file, of what is no outbox", async () => {
    await using folder = await TempFolder.create();
    const file = await outboxWith(folder, "rejected");
    await using owner = new MeterClient({
      transport: memoryTransport(),
      customerLookup,
      outbox: sqliteOutbox({ path: file }),
    });
    expect(await owner.stats()).toMatchObject({ rejected: 2 });
    const before = await contentsOf(folder);
    for (const command of [["list"], ["show"], ["export"]]) {
      const { exit } = await runHere(["outbox", ...command, file, ...(command[0] === "show" ? ["e1"] : [])]);
      expect(exit).toBe(0);
    }
    expect(await contentsOf(folder)).toEqual(before);

    const csv = await folder.file("usage.csv", "tenant,usage\na,1\n");
    const broken = join(folder.path, "broken.db");
    await writeFile(broken, (await readFile(file)).subarray(0, 9_000));
    const names = await readdir(folder.path);
    for (const [path, exit] of [
      [csv, 2],
      [broken, 7],
    ] as const) {
      const content = await readFile(path);
      expect(await runHere(["outbox", "list", path])).toMatchObject({ exit });
      expect((await readFile(path)).equals(content)).toBe(true);
    }
    expect(await readdir(folder.path)).toEqual(names);
  });

  test("a name that is none makes no outbox", async () => {
    await using folder = await TempFolder.create();
    const file = join(folder.path, "typo.db");
    for (const command of [["list"], ["drain", "--base-url", "http://127.0.0.1:1"]])
      expect(await runHere(["outbox", ...command, file])).toMatchObject({ exit: 7 });
    const text = await folder.file("notes.txt", "no database, by no means");
    const { exit, stderr } = await runHere(["outbox", "list", `${text}x`]);
    expect(exit).toBe(7);
    expect(stderr).toContain("found nothing");
  });
});

describe.concurrent("meter reconcile", { timeout: 240_000 }, () => {
  test("agrees, then names what one side lacks", async () => {
    await using folder = await TempFolder.create();
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    const file = await outboxWith(folder, "rejected");
    const at = ["--base-url", sandbox.url];
    const before = await runHere(["reconcile", file, ...at]);
    expect(before.exit).toBe(4);
    expect(before.stdout).toContain("1 difference in 1 row by tenant, meter and hour");
    const named = JSON.parse((await runHere(["reconcile", file, ...at, "--json"])).stdout);
    expect(named.differences[0].undelivered).toEqual([
      { event_id: "e1", state: "rejected" },
      { event_id: "e2", state: "rejected" },
    ]);
    await runHere(["outbox", "redrive", file, "--state", "rejected", "--all"]);
    await runHere(["outbox", "drain", file, ...at]);
    const after = await runHere(["reconcile", file, ...at]);
    expect(after).toMatchObject({
      exit: 0,
      stdout: "Both sides agree on 1 row by tenant, meter and hour.\n",
    });
    const nobody = await runHere(["reconcile", file, "--base-url", "http://127.0.0.1:1"]);
    expect(nobody.exit).toBe(5);
    expect(nobody.stderr).toContain("expected a sandbox's ledger");
  });
});
