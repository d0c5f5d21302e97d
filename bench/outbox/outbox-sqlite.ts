// What the SQLite outbox costs: `npm run outbox [worker|main]`. Prints events per second and milliseconds; asserts nothing.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEventId, EventRecord, fingerprint, type OutboxChanges } from "@meter-lib/core";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";

const BATCHES = 200;
const BATCH = 500;
const BACKLOG = 1_000_000;
const NOTHING: OutboxChanges = {
  now: 0,
  acknowledge: [],
  release: [],
  bury: [],
  append: [],
  lease: [],
  sessions: [],
  unhold: [],
};

const newEvent = (tenant_id: string): EventRecord => {
  const event_time = Date.now();
  const event = {
    event_id: createEventId(event_time),
    tenant_id,
    device_id: "device-1",
    meter_id: "api_calls",
    type: "volume" as const,
    event_time,
    total_usage: 5,
    start_time: undefined,
    end_time: undefined,
    metadata: { region: "eu-west" },
    session_id: undefined,
  };
  return new EventRecord(event, 220, fingerprint(event, true));
};

const newBatches = () =>
  Array.from({ length: BATCHES }, () =>
    Array.from({ length: BATCH }, (_, index) => newEvent(`tenant-${index % 7}`)),
  );

const sent = (events: readonly EventRecord[]): readonly EventRecord[] => {
  for (const event of events) {
    event.attempts = 1;
    event.firstSentAt = event.event_time;
    event.customer_id = `customer of ${event.tenant_id}`;
  }
  return events;
};

const appends = (events: readonly EventRecord[], hold = true) => events.map((event) => ({ event, hold }));

const timed = async (what: string, count: number, work: () => Promise<void>): Promise<void> => {
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  console.log(
    `${what}: ${ms.toFixed(1)} ms${count > 1 ? `, ${Math.round((count / ms) * 1000)} events/s` : ""}`,
  );
};

const thread = process.argv[2] === "main" ? "main" : "worker";
const folder = mkdtempSync(join(tmpdir(), "meter-bench-"));
const options = {
  path: join(folder, "outbox.db"),
  thread,
  limits: { maxEvents: 2 * BACKLOG, maxBytes: 1e9 },
} as const;
try {
  const outbox = sqliteOutbox(options);
  await timed(`open (${thread})`, 1, async () => void (await outbox.open()));

  const separate = newBatches();
  await timed("record, lease, acknowledge, a commit each", BATCHES * BATCH, async () => {
    for (const batch of separate) {
      await outbox.commit({ ...NOTHING, now: Date.now(), append: appends(batch) });
      await outbox.commit({ ...NOTHING, now: Date.now(), lease: sent(batch) });
      await outbox.commit({ ...NOTHING, now: Date.now(), acknowledge: batch });
    }
  });

  const grouped = newBatches();
  await timed("record, lease, acknowledge three batches in one commit", BATCHES * BATCH, async () => {
    for (let turn = 0; turn < BATCHES + 2; turn++) {
      await outbox.commit({
        ...NOTHING,
        now: Date.now(),
        append: appends(grouped[turn] ?? []),
        lease: sent(grouped[turn - 1] ?? []),
        acknowledge: grouped[turn - 2] ?? [],
      });
    }
  });

  await timed("record a backlog", BACKLOG, async () => {
    for (let left = BACKLOG; left > 0; left -= 2_000) {
      const events = Array.from({ length: 2_000 }, () => newEvent("tenant-many"));
      await outbox.commit({ ...NOTHING, now: Date.now(), append: appends(events, false) });
    }
    await outbox.commit({ ...NOTHING, now: Date.now(), append: appends([newEvent("tenant-one")], false) });
  });
  for (let turn = 0; turn < 3; turn++) {
    await timed("claim 500 of it", 500, async () => {
      const { events } = await outbox.claim({
        now: Date.now(),
        maxEvents: 500,
        maxBytes: 512 * 1024,
        skipTenants: [],
      });
      console.log(
        `  ${events.length} events of ${new Set(events.map(({ tenant_id }) => tenant_id)).size} tenants`,
      );
    });
  }
  await outbox.close();
  console.log(`file: ${(statSync(options.path).size / 1024 / 1024).toFixed(0)} MiB`);
  const again = sqliteOutbox(options);
  await timed("open with the backlog", 1, async () => void (await again.open()));
  await again.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
