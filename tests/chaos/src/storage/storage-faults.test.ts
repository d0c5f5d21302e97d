import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient } from "@meter-lib/core";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { type FaultBackend, faultBackend } from "@meter-lib/testing/fault-backend";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { afterEach, beforeEach, expect, test } from "vitest";
import "@meter-lib/testing/matchers";
import { acknowledged } from "../../../../packages/core/test/acknowledged.ts";
import { ALWAYS_DEDUP, everybody, usage } from "../../../../packages/core/test/engine-rig.ts";

let folder: string;
let backend: FaultBackend;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "meter-storage-"));
  backend = await faultBackend();
});
afterEach(async () => {
  await backend.close();
  rmSync(folder, { recursive: true });
});

const openClient = (path: string, limits = {}) =>
  new MeterClient({
    transport: fetchTransport({ baseUrl: backend.url, dialect: "kafka-rest", dedup: ALWAYS_DEDUP }),
    customerLookup: everybody,
    outbox: sqliteOutbox({ path, limits }),
    delivery: { lingerMs: 1, retryCapMs: 50 },
  });

const record = (client: MeterClient, count: number) => {
  const receipts = Array.from({ length: count }, () => client.record(usage()));
  return Promise.all(receipts.map(({ durable }) => durable));
};

/** A file with events that no process holds any more. */
const leaveBehind = async (path: string, count: number): Promise<void> => {
  backend.always({ kind: "answer", status: 503, headers: { "retry-after": "60" } });
  const client = openClient(path);
  expect((await record(client, count)).every(({ ok }) => ok)).toBe(true);
  await client.close({ timeoutMs: 0 });
  backend.always(undefined);
};

test("a copied file: the receiver gets every event twice and counts it once, and the accounts of both balance", async () => {
  const original = join(folder, "original.db");
  const copy = join(folder, "copy.db");
  await leaveBehind(original, 50);
  for (const suffix of ["", "-wal"]) {
    if (readdirSync(folder).includes(`original.db${suffix}`)) cpSync(original + suffix, copy + suffix);
  }
  for (const path of [original, copy]) {
    const client = openClient(path);
    await acknowledged(client, 50);
    const stats = await client.stats();
    expect(stats).toMatchObject({ recorded: 50, acknowledged: 50 });
    expect(stats).toBalance();
    await client.close();
  }
  expect(backend.counted).toHaveLength(50);
  expect(backend.arrivals.length - backend.counted.length).toBeGreaterThanOrEqual(50);
});

test("a damaged file is set aside with a warning, and recording goes on", async () => {
  const path = join(folder, "outbox.db");
  await leaveBehind(path, 50);
  const file = openSync(path, "r+");
  const noise = Buffer.alloc(4_096, 0xa5);
  for (let at = 4_096; at + noise.length <= statSync(path).size; at += noise.length) {
    writeSync(file, noise, 0, noise.length, at);
  }
  closeSync(file);
  const warnings: string[] = [];
  const client = openClient(path);
  client.on("warning", ({ message }) => warnings.push(message));
  expect(await record(client, 3)).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
  expect(warnings).toEqual([expect.stringContaining("set aside")]);
  expect(readdirSync(folder).some((name) => name.includes("corrupt"))).toBe(true);
  await client.flush();
  expect(await client.stats()).toMatchObject({ recorded: 3, acknowledged: 3 });
  await client.close();
});

test("a file that cannot be opened: events go on in memory, visibly, and are delivered", async () => {
  const client = openClient(folder);
  const told = new Promise((resolve) => client.on("volatile", resolve));
  const receipt = client.record(usage());
  expect(await receipt.durable).toEqual({ ok: false, reason: "volatile" });
  await told;
  expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
  expect(await client.close({ timeoutMs: 100 })).toMatchObject({ lost: 0 });
});

test("full while events are in flight and while they are retried: refused at once, nothing accepted is evicted", async () => {
  backend.always((request) =>
    request < 5 ? { kind: "answer", status: 503, headers: { "retry-after": "0" } } : undefined,
  );
  const client = openClient(join(folder, "outbox.db"), { maxEvents: 30 });
  const done = acknowledged(client, 30);
  const outcomes = [];
  for (let i = 0; i < 10; i++) outcomes.push(...(await record(client, 6)));
  const accepted = outcomes.filter(({ ok }) => ok).length;
  const refused = outcomes.flatMap((outcome) =>
    !outcome.ok && outcome.reason === "refused" ? outcome.error.code : [],
  );
  expect(accepted + refused.length).toBe(60);
  expect(new Set(refused)).toEqual(new Set(["no_room"]));
  await done;
  await client.flush();
  expect(backend.counted).toHaveLength(accepted);
  expect(await client.stats()).toMatchObject({ recorded: accepted, acknowledged: accepted });
  await client.close();
});

test("two clients on one file: each identity is recorded once, whoever records it", async () => {
  const path = join(folder, "outbox.db");
  const [first, second] = [openClient(path), openClient(path)];
  const event = usage();
  const outcomes = await Promise.all([first.record(event).durable, second.record(event).durable]);
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(2);
  expect(outcomes.filter((outcome) => "repeat" in outcome && outcome.repeat === true)).toHaveLength(1);
  await Promise.all([first.flush(), second.flush()]);
  expect(await first.stats()).toMatchObject({ recorded: 1, acknowledged: 1 });
  expect(backend.counted).toHaveLength(1);
  await first.close();
  await second.close();
});
