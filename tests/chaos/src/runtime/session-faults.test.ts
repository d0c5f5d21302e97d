import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { MeterClient, type SessionRecovery } from "@meter-lib/core";
import { systemClock } from "@meter-lib/core/transport";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { type FaultBackend, faultBackend } from "@meter-lib/testing/fault-backend";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acknowledged } from "../../../../packages/core/test/acknowledged.ts";
import { ALWAYS_DEDUP, everybody } from "../../../../packages/core/test/engine-rig.ts";
import { type Child, startChild } from "../kills/child.ts";

const HOUR_MS = 3_600_000;
const SCRIPT = fileURLToPath(new URL("process-client.ts", import.meta.url));

let folder: string;
let outbox: string;
let backend: FaultBackend;
let child: Child;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "meter-sessions-"));
  outbox = join(folder, "outbox.db");
  backend = await faultBackend();
  child = startChild(SCRIPT, ["session", backend.url, outbox]);
});
afterEach(async () => {
  child.signal("SIGKILL");
  await child.ended;
  await backend.close();
  rmSync(folder, { recursive: true });
});

const openClient = (sessions: SessionRecovery = {}, laterMs = 0) =>
  new MeterClient({
    clock: { ...systemClock, now: () => systemClock.now() + laterMs },
    transport: fetchTransport({ baseUrl: backend.url, dialect: "kafka-rest", dedup: ALWAYS_DEDUP }),
    customerLookup: everybody,
    outbox: sqliteOutbox({ path: outbox }),
    sessions,
    delivery: { lingerMs: 1, retryCapMs: 50 },
  });

const endAcknowledged = (client: MeterClient): Promise<void> =>
  new Promise((resolve) => {
    client.on("acknowledged", ({ event }) => {
      if (event.end_time !== undefined) resolve();
    });
  });

interface Boundary {
  readonly session: string;
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly room: unknown;
}

const boundaries = (): readonly Boundary[] =>
  backend.counted.map(({ bytes }) => {
    const { value } = JSON.parse(bytes);
    const { "meter.session_id": session, room } = value.metadata;
    return { session, room, start: value.start_time, end: value.end_time };
  });

/** The one start and the one end that were counted. */
const oneOfEach = (session_id: string) => {
  const found = boundaries();
  for (const { session, room } of found)
    expect({ session, room }).toEqual({ session: session_id, room: "blue" });
  const starts = found.flatMap(({ start }) => start ?? []);
  const ends = found.flatMap(({ end }) => end ?? []);
  expect([starts.length, ends.length]).toEqual([1, 1]);
  return { start: starts[0] ?? 0, end: ends[0] ?? 0 };
};

const checkpointInFile = (): number => {
  const db = new DatabaseSync(outbox, { readOnly: true });
  const row = db.prepare("SELECT value FROM sessions").get();
  db.close();
  return JSON.parse(String(row?.value)).session.checkpoint_at;
};

test("a crash in a session: it is ended once, at its last checkpoint, though two recover at the same time", async () => {
  const session_id = (await child.nextLine()) ?? "";
  await backend.arrived(1);
  child.signal("SIGKILL");
  await child.ended;
  const checkpoint = checkpointInFile();
  const first = openClient();
  const second = openClient();
  // The start may be on its way again, too.
  await Promise.race([endAcknowledged(first), endAcknowledged(second)]);
  await Promise.all([first.flush(), second.flush()]);
  await first.close();
  await second.close();
  const { start, end } = oneOfEach(session_id);
  expect(end).toBe(checkpoint);
  expect(end).toBeGreaterThanOrEqual(start);
});

test("a crash before the start was delivered: both boundaries are counted once", async () => {
  backend.always({ kind: "answer", status: 503, headers: { "retry-after": "0" } });
  const session_id = (await child.nextLine()) ?? "";
  child.signal("SIGKILL");
  await child.ended;
  backend.always(undefined);
  const client = openClient();
  await acknowledged(client, 2);
  await client.close();
  oneOfEach(session_id);
});

test("with `resume` the next start of the same scope takes it up: one session, one start, one end", async () => {
  const session_id = (await child.nextLine()) ?? "";
  await backend.arrived(1);
  child.signal("SIGKILL");
  await child.ended;
  const client = openClient({ afterCrash: "resume", resumeWithinMs: 60_000 });
  const session = await client.startSession({
    tenant_id: "t",
    device_id: "d",
    meter_id: "chat.on.time_hours",
  });
  expect(session.session_id).toBe(session_id);
  const before = Date.now();
  expect(await session.end()).toMatchObject({ ok: true });
  await client.flush();
  await client.close();
  expect(oneOfEach(session_id).end).toBeGreaterThanOrEqual(before);
});

test.each([
  { title: "`close`: at once", recovery: {}, laterMs: 0 },
  {
    title: "`resume`: after its time",
    recovery: { afterCrash: "resume", resumeWithinMs: 60_000 },
    laterMs: 8 * HOUR_MS,
  },
] as const)(
  "$title, the next start is a session of its own; the time between is not billed",
  async ({ recovery, laterMs }) => {
    const crashed = (await child.nextLine()) ?? "";
    await backend.arrived(1);
    child.signal("SIGKILL");
    await child.ended;
    const checkpoint = checkpointInFile();
    const client = openClient(recovery, laterMs);
    const session = await client.startSession({
      tenant_id: "t",
      device_id: "d",
      meter_id: "chat.on.time_hours",
    });
    await client.flush();
    await client.close();
    expect(session.session_id).not.toBe(crashed);
    expect(
      boundaries()
        .filter(({ session }) => session === crashed)
        .map(({ end }) => end),
    ).toEqual([undefined, checkpoint]);
  },
);

test("a frozen owner is alive: nobody ends its session, and thawed it ends it itself, once", async () => {
  const session_id = (await child.nextLine()) ?? "";
  await backend.arrived(1);
  child.signal("SIGSTOP");
  const client = openClient();
  expect(
    await client.record({
      tenant_id: "t",
      device_id: "d",
      meter_id: "chat.query.time_secs",
      start_time: Date.now(),
      end_time: Date.now() + 1_000,
    }).settled,
  ).toMatchObject({
    state: "acknowledged",
  });
  expect(boundaries().filter(({ session }) => session === session_id)).toHaveLength(1);
  child.signal("SIGCONT");
  child.signal("SIGTERM");
  expect(await child.nextLine()).toBe("closed");
  await client.close();
  const own = boundaries().filter(({ session }) => session === session_id);
  expect(own.map(({ start, end }) => [start !== undefined, end !== undefined])).toEqual([
    [true, false],
    [false, true],
  ]);
});
