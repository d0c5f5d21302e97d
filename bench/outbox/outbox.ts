import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bodyText,
  createEventId,
  type Ending,
  eventSize,
  idList,
  type Lease,
  type NewSegment,
  type OutboxChanges,
  type Span,
  sumEvents,
  type UsageEvent,
  usageEvent,
} from "@meter-lib/core/store";
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

    const commit = (changes: Partial<OutboxChanges>) =>
      outbox.commit({ ...NO_CHANGES, now: Date.now(), ...changes });

    const separate = newBatches(Math.ceil(backlog / 10 / BATCH));
    await timed("record, lease, acknowledge, a commit each", separate.length * BATCH, async () => {
      for (const batch of separate) {
        const { appended } = await commit({ append: [batch.segment] });
        const span = { segment: appended[0]?.segment ?? "", from: 0, to: BATCH };
        await commit({ lease: [leaseOf(batch, span)] });
        await commit({ end: [endOf(batch, span)] });
      }
    });

    const grouped = newBatches(separate.length);
    await timed(
      "record, lease, acknowledge three batches in one commit",
      grouped.length * BATCH,
      async () => {
        const spans: Span[] = [];
        for (let turn = 0; turn < grouped.length + 2; turn++) {
          const [added, leased, done] = [grouped[turn], grouped[turn - 1], grouped[turn - 2]];
          const [leasedAt, doneAt] = [spans[turn - 1], spans[turn - 2]];
          const { appended } = await commit({
            append: added ? [added.segment] : [],
            lease: leased && leasedAt ? [leaseOf(leased, leasedAt)] : [],
            end: done && doneAt ? [endOf(done, doneAt)] : [],
          });
          const [answer] = appended;
          if (answer !== undefined) spans.push({ segment: answer.segment, from: 0, to: BATCH });
        }
      },
    );

    await timed(`record a backlog of ${backlog.toLocaleString("en-US")}`, backlog, async () => {
      for (let left = backlog; left > 0; left -= BACKLOG_PER_COMMIT) {
        const batches = newBatches(
          Math.ceil(Math.min(left, BACKLOG_PER_COMMIT) / BATCH),
          () => "tenant-many",
        );
        await commit({ append: batches.map(({ segment }) => ({ ...segment, hold: false })) });
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

const NO_CHANGES = { end: [], release: [], spill: [], append: [], lease: [], sessions: [] };

interface Batch {
  readonly events: readonly UsageEvent[];
  readonly segment: NewSegment;
}

const newEvent = (tenant_id: string): UsageEvent => {
  const event_time = Date.now();
  return usageEvent({
    event_id: createEventId(event_time),
    tenant_id,
    device_id: "device-1",
    meter_id: "api_calls",
    type: "volume",
    event_time,
    total_usage: 5,
    start_time: undefined,
    end_time: undefined,
    metadata: { region: "eu-west" },
    session_id: undefined,
  });
};

const newBatches = (count: number, tenantOf = (index: number) => `tenant-${index % 7}`): readonly Batch[] =>
  Array.from({ length: count }, () => {
    const ids_since = Date.now();
    const events = Array.from({ length: BATCH }, (_, index) => newEvent(tenantOf(index)));
    const tenants = new Set(events.map(({ tenant_id }) => tenant_id));
    const segment: NewSegment = {
      ...sumEvents(events),
      count: BATCH,
      bytes: events.reduce((sum, event) => sum + eventSize(event), 0),
      lane: "live",
      tenant_id: tenants.size === 1 ? (events[0]?.tenant_id ?? "") : "",
      body: bodyText(events),
      ids: idList(events),
      given: [],
      ids_since,
      hold: true,
    };
    return { events, segment };
  });

const leaseOf = ({ events }: Batch, span: Span): Lease => ({
  ...span,
  attempts: 1,
  first_sent_at: events[0]?.event_time,
  customers: [...new Set(events.map(({ tenant_id }) => tenant_id))].map((tenant_id) => [
    tenant_id,
    `customer of ${tenant_id}`,
  ]),
});

const endOf = ({ segment: { bytes, sums } }: Batch, span: Span): Ending => ({
  ...span,
  state: "acknowledged",
  bytes,
  sums,
});
