import { expect, test } from "vitest";
import { EventRecord } from "../event/event-record.ts";
import { NO_CHANGES } from "../strategies/no-changes.ts";
import { memoryOutbox } from "./memory-outbox.ts";

const HOUR = Date.UTC(2026, 0, 15, 9);
const METER = "page.processed.basic";

const usage = (event_id: string, tenant_id = "tenant_123"): EventRecord =>
  new EventRecord(
    {
      event_id,
      tenant_id,
      device_id: "device",
      meter_id: METER,
      type: "volume",
      event_time: HOUR + 1,
      total_usage: 1,
      start_time: undefined,
      end_time: undefined,
      metadata: undefined,
      session_id: undefined,
    },
    200,
    1,
  );

const held = (events: readonly EventRecord[]) => events.map((event) => ({ event, hold: true }));

test("of the events that ended, the last are remembered and the others forgotten", async () => {
  const outbox = memoryOutbox({ maxTombstones: 2 });
  const events = Array.from({ length: 5 }, (_, index) => usage(`event-${index}`));
  await outbox.commit({ ...NO_CHANGES, now: HOUR, append: held(events) });
  await outbox.commit({ ...NO_CHANGES, now: HOUR, acknowledge: events });
  const ids = await outbox.ledgerIds({ tenant_id: "tenant_123", meter_id: METER, hour: HOUR });
  expect(ids.map(({ event_id }) => event_id)).toEqual(["event-3", "event-4"]);
});

test("of more sums than there is room for, the first are forgotten", async () => {
  const outbox = memoryOutbox({ maxEvents: 20_000 });
  const events = Array.from({ length: 10_003 }, (_, index) => usage("event", `tenant-${index}`));
  await outbox.commit({ ...NO_CHANGES, now: HOUR, append: held(events) });
  const rows = await outbox.ledger({});
  expect([rows.length, rows[0]?.tenant_id, rows.at(-1)?.tenant_id]).toEqual([
    10_000,
    "tenant-3",
    "tenant-10002",
  ]);
});
