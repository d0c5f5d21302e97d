import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEventId, EventRecord, fingerprint, NO_CHANGES } from "@meter-lib/core";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";

const BATCH = 500;
const BACKLOG_PER_COMMIT = 2_000;

/** What the SQLite file costs by itself, without a client around it. */
export const outbox: Measure = {
  name: "outbox",
  about: "the SQLite outbox alone: life cycles a second, a backlog, opening with it",
  defaults: { events: 1_000_000 },
  run: async ({ events }) => {
    const rows: Row[] = [];
    for (const thread of ["worker", "main"] as const) rows.push(...(await take(thread, events)));
    return { tables: [{ rows }] };
  },
};

const take = async (thread: "worker" | "main", backlog: number): Promise<readonly Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-bench-"));
  const options = {
    path: join(folder, "outbox.db"),
    thread,
    limits: { maxEvents: 2 * backlog + 1, maxBytes: 1e9 },
  } as const;
  const rows: Row[] = [];
  const timed = async (what: string, count: number, work: () => unknown): Promise<void> => {
    const startedAt = performance.now();
    await work();
    const ms = performance.now() - startedAt;
    const rate = count > 1 ? Math.round((count / ms) * 1_000) : "";
    rows.push({ thread, what, ms: ms.toFixed(1), "events/s": rate });
  };
  try {
    const outbox = sqliteOutbox(options);
    await timed("open", 1, () => outbox.open());

    const separate = newBatches(Math.ceil(backlog / 10 / BATCH));
    await timed("record, lease, acknowledge, a commit each", separate.length * BATCH, async () => {
      for (const batch of separate) {
        await outbox.commit({ ...NO_CHANGES, now: Date.now(), append: appends(batch) });
        await outbox.commit({ ...NO_CHANGES, now: Date.now(), lease: sent(batch) });
        await outbox.commit({ ...NO_CHANGES, now: Date.now(), acknowledge: batch });
      }
    });

    const grouped = newBatches(separate.length);
    await timed(
      "record, lease, acknowledge three batches in one commit",
      grouped.length * BATCH,
      async () => {
        for (let turn = 0; turn < grouped.length + 2; turn++) {
          await outbox.commit({
            ...NO_CHANGES,
            now: Date.now(),
            append: appends(grouped[turn] ?? []),
            lease: sent(grouped[turn - 1] ?? []),
            acknowledge: grouped[turn - 2] ?? [],
          });
        }
      },
    );

    await timed(`record a backlog of ${backlog.toLocaleString("en-US")}`, backlog, async () => {
      for (let left = backlog; left > 0; left -= BACKLOG_PER_COMMIT) {
        const events = Array.from({ length: Math.min(left, BACKLOG_PER_COMMIT) }, () =>
          newEvent("tenant-many"),
        );
        await outbox.commit({ ...NO_CHANGES, now: Date.now(), append: appends(events, false) });
      }
    });
    const claim = { now: Date.now(), maxEvents: BATCH, maxBytes: 512 * 1024, skipTenants: [] };
    for (const turn of ["first", "second", "third"])
      await timed(`claim ${BATCH} of it, ${turn} time`, BATCH, () => outbox.claim(claim));
    await outbox.close();
    const again = sqliteOutbox(options);
    await timed("open with the backlog", 1, () => again.open());
    await again.close();
    const mebibytes = statSync(options.path).size / 1024 ** 2;
    return [...rows, { thread, what: `the file: ${mebibytes.toFixed(0)} MiB`, ms: "", "events/s": "" }];
  } finally {
    rmSync(folder, { recursive: true });
  }
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
  const record = new EventRecord(event, 220, fingerprint(event, true));
  record.mayBeRepeat = false;
  return record;
};

const newBatches = (count: number): readonly (readonly EventRecord[])[] =>
  Array.from({ length: count }, () =>
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
