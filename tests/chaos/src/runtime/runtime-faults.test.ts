import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MeterClient } from "@meter-lib/core";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { type FaultBackend, faultBackend } from "@meter-lib/testing/fault-backend";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { afterEach, beforeEach, expect, test } from "vitest";
import "@meter-lib/testing/matchers";
import { ALWAYS_DEDUP, everybody } from "../../../../packages/core/test/engine-rig.ts";
import { type Child, startChild } from "../kills/child.ts";

const SCRIPT = fileURLToPath(new URL("process-client.ts", import.meta.url));

let folder: string;
let outbox: string;
let backend: FaultBackend;
const children: Child[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "meter-runtime-"));
  outbox = join(folder, "outbox.db");
  backend = await faultBackend();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.signal("SIGKILL");
    await child.ended;
  }
  await backend.close();
  rmSync(folder, { recursive: true });
});

const start = (mode: string): Child => {
  const child = startChild(SCRIPT, [mode, backend.url, outbox]);
  children.push(child);
  return child;
};

const openClient = () =>
  new MeterClient({
    transport: fetchTransport({ baseUrl: backend.url, dialect: "kafka-rest", dedup: ALWAYS_DEDUP }),
    customerLookup: everybody,
    outbox: sqliteOutbox({ path: outbox }),
    delivery: { lingerMs: 1, retryCapMs: 100 },
  });

/** Resolves when nothing in the file is pending any more. */
const delivered = (client: MeterClient): Promise<void> =>
  new Promise((resolve, reject) => {
    const look = () => {
      client.stats().then(({ pending }) => pending === 0 && resolve(), reject);
    };
    client.on("acknowledged", look);
    look();
  });

/** Delivers what processes left behind. */
const deliverTheRest = async () => {
  const client = openClient();
  await delivered(client);
  const stats = await client.stats();
  await client.close();
  return stats;
};

const countedIds = () => new Set(backend.counted.map(({ event_id }) => event_id));

test("SIGTERM in a flush: two closes at once deliver what they can, and the process ends by itself", async () => {
  backend.always({ kind: "delay", ms: 30 });
  const child = start("close-on-sigterm");
  expect(await child.nextLine()).toBe("recorded");
  child.signal("SIGTERM");
  expect(await child.nextLine()).toMatch(/^closed .*"lost":0.* true$/);
  expect(await child.ended).toBe(0);
  const stats = await deliverTheRest();
  expect(stats).toMatchObject({ recorded: 200, acknowledged: 200, pending: 0 });
  expect(countedIds().size).toBe(200);
  expect(backend.counted).toHaveLength(200);
});

test("an exit in the middle of a drain loses nothing", async () => {
  const child = start("exit-in-drain");
  expect(await child.nextLine()).toBe("recorded");
  expect(await child.ended).toBe(3);
  const stats = await deliverTheRest();
  expect(stats).toMatchObject({ recorded: 200, acknowledged: 200, pending: 0 });
  expect(stats).toBalance();
  expect(backend.counted).toHaveLength(200);
});

test("a process that nobody closes ends by itself", async () => {
  backend.always({ kind: "answer", status: 503, headers: { "retry-after": "3600" } });
  const child = start("leave");
  expect(await child.nextLine()).toBe("left");
  expect(await child.ended).toBe(0);
});

test("frozen and thawed: another process does not take its rows, and nothing is counted twice", async () => {
  const answer = Promise.withResolvers<void>();
  backend.next({ kind: "hold", until: answer.promise });
  const child = start("run");
  expect(await child.nextLine()).toBe("recorded");
  // Its one batch is on the way; its answer comes while it is frozen.
  await backend.arrived(1);
  child.signal("SIGSTOP");
  const other = openClient();
  const own = other.record({
    tenant_id: "t",
    device_id: "d",
    meter_id: "page.processed.basic",
    total_usage: 1,
  });
  expect(await own.settled).toMatchObject({ state: "acknowledged" });
  expect(await other.stats()).toMatchObject({ recorded: 101, acknowledged: 1, pending: 100 });
  answer.resolve();
  child.signal("SIGCONT");
  expect(await child.nextLine()).toMatch(/^delivered .*"acknowledged":101,"pending":0/);
  expect(await child.ended).toBe(0);
  await other.close();
  expect(backend.counted).toHaveLength(101);
  expect(countedIds().size).toBe(101);
});

test.each(["threads", "cluster"])(
  "%s on one file: each delivers its own, all is counted once",
  async (mode) => {
    const child = start(mode);
    let line = await child.nextLine();
    while (line !== undefined && line !== "all ended") line = await child.nextLine();
    expect(line).toBe("all ended");
    expect(await child.ended).toBe(0);
    expect(child.errors(), "nobody kept events in memory").toBe("");
    const stats = await deliverTheRest();
    expect(stats).toMatchObject({ recorded: 300, acknowledged: 300, pending: 0 });
    expect(stats).toBalance();
    expect(countedIds().size).toBe(300);
    expect(backend.counted).toHaveLength(300);
  },
);

test("a process that dies is survived by one that is already running: it takes over", async () => {
  backend.always({ kind: "answer", status: 503, headers: { "retry-after": "0" } });
  const dying = start("run");
  expect(await dying.nextLine()).toBe("recorded");
  const client = openClient();
  expect(await client.stats()).toMatchObject({ recorded: 100, pending: 100 });
  dying.signal("SIGKILL");
  await dying.ended;
  backend.always(undefined);
  client.retryNow();
  await delivered(client);
  expect(await client.stats()).toMatchObject({ acknowledged: 100, pending: 0 });
  await client.close();
  expect(backend.counted).toHaveLength(100);
});

test("100,000 events while the backend is down: memory stays bounded, and the process ends by itself", {
  timeout: 300_000,
}, async () => {
  backend.always({ kind: "answer", status: 503, headers: { "retry-after": "3600" } });
  const child = start("flood");
  const line = await child.nextLine();
  expect(await child.ended).toBe(0);
  const { grown, recorded, pending }: Record<string, number> = JSON.parse(line ?? "{}");
  expect([recorded, pending]).toEqual([10_000, 10_000]);
  // 10,000 events are held; 40 MB would be 4 KB for each.
  expect(grown).toBeLessThan(40_000_000);
});
