import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient, memoryTransport } from "@meter-lib/core";
import { httpCustomerLookup } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson } from "../testing/post-events.ts";

const NOW = Date.UTC(2026, 10, 22, 12, 30);

let folder: string;
let look: ReturnType<typeof sqliteOutbox>;
let sandbox: Sandbox;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandbox-outbox-"));
  look = sqliteOutbox({ path: join(folder, "outbox.db") });
  await look.open();
  sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" }, outboxes: [look] });
});
afterEach(async () => {
  await sandbox.close();
  await look.close();
  await rm(folder, { recursive: true });
});

/** The app: records two events of usage 1 and 2, through an outbox of its own over the same file. */
const runApp = async (answer: "as the sandbox says" | "rejected" | "unsure"): Promise<void> => {
  await using client = new MeterClient({
    transport:
      answer === "as the sandbox says"
        ? fetchTransport({ baseUrl: sandbox.url, dedup: { windowMs: 3_600_000 } })
        : {
            ...memoryTransport(),
            send: async ({ events }) => ({
              outcomes: events.map(() => ({ state: answer, reason: "no such plan", status: 422 })),
            }),
          },
    customerLookup: httpCustomerLookup({ baseUrl: sandbox.url }),
    outbox: sqliteOutbox({ path: join(folder, "outbox.db") }),
    defaults: { device_id: "d1" },
    delivery: { lingerMs: 0 },
  });
  const receipts = [1, 2].map((n) =>
    client.record({
      event_id: `e${n}`,
      tenant_id: "tenant_123",
      meter_id: "page.processed.basic",
      total_usage: n,
      event_time: NOW,
    }),
  );
  await Promise.all(receipts.map(({ settled }) => settled));
  await client.flush({ timeoutMs: 10_000 });
};

const post = async (path: string, body: unknown): Promise<unknown> => {
  const answer = await fetch(`${sandbox.url}/sandbox/v1/outboxes/0/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  return answer.ok ? answer.json() : [answer.status, JSON.stringify(await answer.json())];
};
const ask = (path: string): Promise<unknown> => getJson(sandbox.url, `/sandbox/v1/outboxes${path}`);

test("dead letters are told with their reasons, sent again by the app, and counted once", async () => {
  await runApp("rejected");
  expect(await ask("")).toMatchObject({
    outboxes: [{ name: look.name, accounts: { recorded: 2, rejected: 2 } }],
  });
  expect(await ask("/0/events?state=rejected")).toMatchObject({
    events: [
      { event: { event_id: "e1" }, reason: "no such plan", status: 422, attempts: 1 },
      { event: { event_id: "e2" } },
    ],
  });
  expect(await ask("/0/reconciliation")).toMatchObject({
    agrees: false,
    differences: [{ recorded: 2, counted: 0, undelivered: [{ event_id: "e1", state: "rejected" }, {}] }],
  });
  expect(await post("redrive", { state: "rejected" })).toEqual({ redriven: 2 });
  await runApp("as the sandbox says");
  expect(sandbox.usage()).toMatchObject([{ total_usage: 3, events: 2 }]);
  expect(await ask("/0/reconciliation")).toMatchObject({ agrees: true, compared: 1 });
});

test("what may have been counted is sent again only by somebody who says so", async () => {
  await runApp("unsure");
  expect(await post("redrive", { state: "quarantined" })).toEqual([
    400,
    expect.stringContaining("may_count_twice"),
  ]);
  const one = { state: "quarantined", event_ids: ["e2"], tenant_id: "tenant_123", may_count_twice: true };
  expect(await post("redrive", one)).toEqual({ redriven: 1 });
});

test("giving up needs a reason", async () => {
  await runApp("rejected");
  for (const reason of [undefined, "", "  "])
    expect(await post("discard", { state: "rejected", reason })).toEqual([
      400,
      expect.stringContaining("reason"),
    ]);
  expect(await post("discard", { state: "rejected", reason: "test data" })).toEqual({ discarded: 2 });
  expect(await ask("")).toMatchObject({ outboxes: [{ accounts: { rejected: 0, discarded: 2 } }] });
});

test("one that cannot be read says why; others are answered", async () => {
  const broken = () => {
    throw new Error("no such file yet");
  };
  await using both = await createSandbox({
    outboxes: [
      look,
      {
        name: "later",
        accounts: broken,
        list: broken,
        redrive: broken,
        discard: broken,
        ledger: broken,
        ledgerIds: broken,
        producers: broken,
      },
    ],
  });
  expect(await getJson(both.url, "/sandbox/v1/outboxes")).toMatchObject({
    outboxes: [{ accounts: { recorded: 0 } }, { name: "later", problem: "no such file yet" }],
  });
  const events = await fetch(`${both.url}/sandbox/v1/outboxes/1/events`);
  expect([events.status, await events.json()]).toMatchObject([
    409,
    { message: expect.stringContaining("later: no such file yet") },
  ]);
  expect((await fetch(`${both.url}/sandbox/v1/outboxes/2/events`)).status).toBe(404);
});
