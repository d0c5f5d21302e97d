import { expect, test } from "vitest";
import { NO_CHANGES } from "../../../test/new-segment.ts";
import { type UsageEvent, usageEvent } from "../../event/usage-event.ts";
import { logOutbox } from "../log-outbox.ts";
import { idList } from "../store/id-list.ts";
import { memoryStore } from "../store/memory-store.ts";
import { bodyText } from "../store/segment-body.ts";
import { TABLE_NAMES } from "../store/tables.ts";
import { sumEvents } from "../sums/sums.ts";

const NOW = 1_768_473_000_000;
const OPTIONS = {
  limits: { maxEvents: 1_000, maxBytes: 1_000_000 },
  bodies: "text" as const,
  tombstones: { windowMs: 1e9, max: 1_000 },
  deadLetters: { maxEvents: 1_000, maxBytes: 1_000_000 },
  ledgerMs: 1e12,
};
const event = (tenant_id: string, event_id: string): UsageEvent =>
  usageEvent({
    event_id,
    tenant_id,
    device_id: `device of ${tenant_id}`,
    meter_id: "page.processed.basic",
    type: "volume",
    event_time: NOW,
    total_usage: 1,
    start_time: undefined,
    end_time: undefined,
    metadata: { email: `someone@${tenant_id}` },
    session_id: undefined,
  });

test("nothing of the tenant is left in the store but the sums, also where others' events of the same segment stay", async () => {
  const store = memoryStore();
  const outbox = logOutbox(store, OPTIONS);
  await outbox.open();
  const events = [event("mallory", "m1"), event("alice", "a1"), event("mallory", "m2"), event("alice", "a2")];
  const { appended } = await outbox.commit({
    ...NO_CHANGES,
    now: NOW,
    append: [
      {
        count: events.length,
        bytes: 1_000,
        lane: "live",
        tenant_id: "",
        body: bodyText(events),
        ...sumEvents(events),
        ids: idList(events),
        given: events.map((_, index) => ({ index, mark: `mark ${index}` })),
        ids_since: NOW,
        hold: true,
      },
    ],
  });
  const [{ segment } = { segment: "" }] = appended;
  // One of them has ended before.
  const span = { segment, from: 0, to: 1 };
  await outbox.commit({
    ...NO_CHANGES,
    now: NOW,
    lease: [
      {
        segment,
        from: 1,
        to: 2,
        attempts: 1,
        first_sent_at: NOW,
        customers: [["mallory", "customer of mallory"]],
      },
    ],
    end: [{ ...span, state: "acknowledged", bytes: 250, sums: sumEvents(events.slice(0, 1)).sums }],
  });

  expect(await outbox.erase("mallory", "asked to")).toEqual({ events: 1, onTheirWay: 0, sessions: 0 });

  const left = await store.transact(async (tx) => {
    const tables: string[] = [];
    for (const name of TABLE_NAMES)
      for (const row of await tx.range(name, {}))
        if (/mallory|m1|m2/.test(JSON.stringify(row))) tables.push(name);
    return tables;
  });
  expect(left.filter((name) => name !== "ledger" && name !== "deltas")).toEqual([]);
  expect((await outbox.list({})).map((row) => row.event)).toEqual([events[1], events[3]]);
  expect(await outbox.accounts()).toMatchObject({ recorded: 4, acknowledged: 1, pending: 2, discarded: 1 });
});
