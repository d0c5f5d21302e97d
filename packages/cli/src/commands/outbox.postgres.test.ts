import { MeterClient, memoryTransport, type Transport } from "@meter-lib/core";
import type { SendAnswer } from "@meter-lib/core/transport";
import { postgresOutbox, postgresRecorder } from "@meter-lib/outbox-postgres";
import { createSandbox } from "@meter-lib/sandbox";
import { migrateUsage, postgresTransport } from "@meter-lib/transport-postgres";
import pg from "pg";
import { expect, inject, test } from "vitest";
import type {} from "../../../outbox-postgres/test/postgres-setup.ts";
import { ObservedOutbox } from "../outbox/observed-outbox.ts";
import { postgresPlace } from "../outbox/postgres-place.ts";
import { runHere } from "../testing/run-here.ts";

let schemas = 0;

/** The URL of a new outbox in the database that the tests share, migrated by the command. */
const newOutbox = async (): Promise<string> => {
  const postgres = inject("postgresUrl");
  const schema = `cli_${process.pid}_${schemas++}`;
  expect(await runHere(["outbox", "migrate", "--postgres", postgres, "--schema", schema])).toMatchObject({
    exit: 0,
    stdout: `The outbox is ready in schema ${schema} of ${postgres}.\n`,
  });
  return `${postgres}?schema=${schema}`;
};

const rejecting: Transport = {
  ...memoryTransport(),
  send: async ({ events }): Promise<SendAnswer> => ({
    outcomes: events.map(() => ({ state: "rejected", reason: "no such plan", status: 422 })),
  }),
};

/** Two events, e1 and e2, of tenant a, recorded in a transaction and taken to their end. */
const recordInTransaction = async (url: string, transport: Transport): Promise<void> => {
  const place = postgresPlace(url);
  if (place === undefined) throw new Error("a URL of PostgreSQL");
  await using client = new MeterClient({
    transport,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "cust_a" }) },
    outbox: postgresOutbox(place),
    delivery: { lingerMs: 0 },
  });
  const tx = new pg.Client(inject("postgresUrl"));
  await tx.connect();
  await tx.query("BEGIN");
  const events = [1, 2].map((total_usage) => ({
    tenant_id: "a",
    device_id: "d",
    meter_id: "page.processed.basic" as const,
    total_usage,
    event_id: `e${total_usage}`,
  }));
  const receipts = await client.recordAll(events, { tx });
  await tx.query("COMMIT");
  await tx.end();
  await Promise.all(receipts.map(({ settled }) => settled));
};

test("lists, shows and exports what came with a transaction and nobody has claimed", async () => {
  const url = await newOutbox();
  const recorder = postgresRecorder({
    schema: postgresPlace(url)?.schema ?? "",
    defaults: { device_id: "d" },
  });
  const record = (tenant_id: string): Promise<string> =>
    recorder.record(
      { tenant_id, meter_id: "page.processed.basic", total_usage: 3, event_id: `of-${tenant_id}` },
      { tx },
    );
  const tx = new pg.Client(inject("postgresUrl"));
  await tx.connect();
  await tx.query("BEGIN");
  await record("a");
  await record("b");
  await tx.query("COMMIT");
  await tx.query("BEGIN");
  await record("c");
  const list = await runHere(["outbox", "list", url]);
  expect(list).toMatchObject({ exit: 0, stderr: "" });
  const [accounts, arrived, , , ...rows] = list.stdout.trimEnd().split("\n");
  expect(accounts).toContain("0 recorded, 0 acknowledged, 0 pending");
  expect(arrived).toBe("2 came with transactions, not in these accounts yet");
  expect(rows).toEqual(
    ["a", "b"].map((tenant) =>
      expect.stringMatching(
        new RegExp(`^of-${tenant} +pending +${tenant} .* came with a transaction, not claimed yet$`),
      ),
    ),
  );
  const events = async (...flags: readonly string[]): Promise<unknown> =>
    JSON.parse((await runHere(["outbox", "list", url, "--json", ...flags])).stdout).events;
  expect(await events("--state", "pending", "--tenant", "b")).toMatchObject([
    { state: "pending", arrived: true, event: { event_id: "of-b", total_usage: 3 } },
  ]);
  expect(await events("--limit", "1")).toMatchObject([{ event: { event_id: "of-a" } }]);
  expect(await events("--state", "rejected")).toEqual([]);
  expect((await runHere(["outbox", "show", url, "of-a"])).stdout).toContain(
    "state: pending\narrived: true\n",
  );
  const exported = (await runHere(["outbox", "export", url, "--state", "pending"])).stdout;
  expect(
    exported
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event_id),
  ).toEqual(["of-a", "of-b"]);
  await tx.query("ROLLBACK");
  await tx.end();
});

test("lists, shows, exports, redrives and drains what was rejected", async () => {
  const url = await newOutbox();
  await recordInTransaction(url, rejecting);
  const list = await runHere(["outbox", "list", url]);
  expect(list).toMatchObject({ exit: 0, stderr: "" });
  expect(list.stdout).toContain("2 recorded, 0 acknowledged, 0 pending, 2 rejected");
  expect((await runHere(["outbox", "show", url, "e2"])).stdout).toContain("reason: no such plan");
  const exported = await runHere(["outbox", "export", url, "--state", "rejected"]);
  expect(
    exported.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event_id),
  ).toEqual(["e1", "e2"]);
  await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
  const drain = (flags: readonly string[] = []) =>
    runHere(["outbox", "drain", url, "--base-url", sandbox.url, ...flags]);
  const one = await runHere(["outbox", "redrive", url, "--state", "rejected", "--id", "e1", "--json"]);
  expect(JSON.parse(one.stdout)).toEqual({ redriven: 1 });
  expect((await drain()).stdout).toBe("1 event delivered; 1 rejected.\n");
  expect(sandbox.usage()).toMatchObject([{ total_usage: 1 }]);
  const reconciled = await runHere(["reconcile", url, "--base-url", sandbox.url, "--json"]);
  expect(reconciled.exit).toBe(4);
  expect(JSON.parse(reconciled.stdout)).toMatchObject({
    drifting: 0,
    differences: [{ recorded: 2, acknowledged: 1, counted: 1, undelivered: [{ event_id: "e2" }] }],
  });
  const discarded = await runHere([
    "outbox",
    "discard",
    url,
    "--state",
    "rejected",
    "--all",
    "--reason",
    "test",
  ]);
  expect(discarded.stdout).toBe("1 event discarded.\n");
});

test("a table of usage is reconciled by its URL", async () => {
  const url = await newOutbox();
  const schema = `${new URL(url).searchParams.get("schema")}_usage`;
  const pool = new pg.Pool({ connectionString: inject("postgresUrl") });
  await migrateUsage({ client: pool, schema });
  await recordInTransaction(url, postgresTransport({ pool, schema }));
  const reconcile = ["reconcile", url, "--backend", "postgres", "--base-url"];
  const usage = `${inject("postgresUrl")}?schema=${schema}`;
  expect(await runHere([...reconcile, usage])).toMatchObject({
    exit: 0,
    stdout: "Both sides agree on 1 row by tenant, meter and hour.\n",
  });
  await pool.query(`DELETE FROM "${schema}".usage_events WHERE event_id = 'e2'`);
  const drifting = await runHere([...reconcile, usage, "--json"]);
  expect(drifting.exit).toBe(4);
  expect(JSON.parse(drifting.stdout)).toMatchObject({ drifting: 1, differences: [{ missing: ["e2"] }] });
  expect(await runHere([...reconcile, "usage.db"])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining("--base-url: expected a URL like postgres://"),
  });
  await pool.end();
});

test("the dashboard shows the outbox, redrives from it, and compares it with what the sandbox counted", async () => {
  const url = await newOutbox();
  await recordInTransaction(url, rejecting);
  const outbox = new ObservedOutbox(url);
  await using sandbox = await createSandbox({ tenants: { a: "cust_a" }, outboxes: [outbox] });
  const asked = async (path: string, init?: RequestInit): Promise<unknown> =>
    (await fetch(`${sandbox.url}/sandbox/v1/outboxes${path}`, init)).json();
  expect(await asked("")).toMatchObject({
    outboxes: [{ name: url, accounts: { recorded: 2, rejected: 2 } }],
  });
  expect(await asked("/0/events?state=rejected")).toMatchObject({
    events: [{ event: { event_id: "e1" } }, { event: { event_id: "e2" } }],
  });
  expect(await asked("/0/reconciliation")).toMatchObject({ drifting: 0, differences: [{ recorded: 2 }] });
  await outbox.close();
});

test("what is no outbox says what to do", async () => {
  const missing = await runHere(["outbox", "list", `${inject("postgresUrl")}?schema=nowhere`]);
  expect(missing.exit).not.toBe(0);
  expect(missing.stderr).toContain(
    "the tables of the outbox are missing in the schema nowhere: run `meter outbox migrate",
  );
  const nowhere = "postgres://me:secret@127.0.0.1:1/shop";
  for (const args of [
    ["list", nowhere],
    ["migrate", "--postgres", nowhere],
  ]) {
    const gone = await runHere(["outbox", ...args]);
    expect(gone.exit).toBe(7);
    expect(gone.stderr).toContain("no server responds: check host and port");
    expect(gone.stderr).not.toContain("secret");
  }
  // "$DATABASE_URL" that is not set.
  const unset = await runHere(["outbox", "list", ""]);
  expect(unset.exit).toBe(2);
  expect(unset.stderr).toContain(
    "expected a file, or a URL like postgres://user@host:5432/database, got an empty text",
  );
});
