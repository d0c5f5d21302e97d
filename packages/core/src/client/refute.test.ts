import { expect, test } from "vitest";
import { memoryOutbox } from "../log/memory-outbox.ts";
import type { Outcome, Transport } from "../strategies/transport.ts";
import { MeterClient } from "./meter-client.ts";

const acknowledging = (): Transport & { readonly sent: string[] } => {
  const sent: string[] = [];
  const every: Outcome = { state: "acknowledged" };
  return {
    name: "test",
    sent,
    send: async ({ events }) => {
      for (const { event_id } of events) sent.push(event_id);
      return { every };
    },
  };
};

const clientOn = (transport: Transport, keepAcknowledgedMs: number) =>
  new MeterClient({
    transport,
    outbox: memoryOutbox({ keepAcknowledgedMs }),
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "c" }) },
    delivery: { lingerMs: 0 },
    defaults: { tenant_id: "tenant", device_id: "device" },
  });

test("what the backend rejects later is a dead letter, and can be sent again", async () => {
  const transport = acknowledging();
  await using client = clientOn(transport, 60_000);
  const receipts = [1, 2, 4].map((total_usage) =>
    client.record({ meter_id: "page.processed.basic", total_usage }),
  );
  await client.flush();
  const second = receipts[1]?.event_id ?? "";
  expect(await client.refute([second, { event_id: "other" }], "no such meter")).toEqual([
    "refuted",
    "unknown",
  ]);
  expect(await client.stats()).toMatchObject({ acknowledged: 2, rejected: 1, refuted: 1 });
  expect(await client.list()).toMatchObject([
    { event: { event_id: second, total_usage: 2 }, state: "rejected", reason: "no such meter" },
  ]);
  expect(await client.redrive({ state: "rejected" })).toBe(1);
  await client.flush();
  expect(transport.sent.filter((id) => id === second)).toHaveLength(2);
  expect(await client.stats()).toMatchObject({ acknowledged: 3, rejected: 0, refuted: 1 });
});

test("the tenant of a refutation is the client's, unless it is said", async () => {
  await using client = clientOn(acknowledging(), 60_000);
  const { event_id } = client.record({ meter_id: "page.processed.basic", total_usage: 1 });
  await client.flush();
  expect(await client.refute([{ event_id, tenant_id: "another" }], "no")).toEqual(["unknown"]);
  expect(await client.refute([{ event_id, tenant_id: "tenant", reason: "its own" }], "no")).toEqual([
    "refuted",
  ]);
  expect(await client.list()).toMatchObject([{ reason: "its own" }]);
});

test("thousands at once, content given by the caller", async () => {
  await using client = clientOn(acknowledging(), 0);
  const receipts = Array.from({ length: 2_500 }, () =>
    client.record({ meter_id: "page.processed.basic", total_usage: 3, event_time: 1_768_473_000_000 }),
  );
  await client.flush();
  const events = receipts.map(({ event_id }) => ({
    event_id,
    event: {
      event_id,
      tenant_id: "tenant",
      device_id: "device",
      meter_id: "page.processed.basic",
      type: "volume" as const,
      event_time: 1_768_473_000_000,
      total_usage: 3,
      start_time: undefined,
      end_time: undefined,
      metadata: undefined,
      session_id: undefined,
    },
  }));
  expect(
    await client.refute(
      receipts.map(({ event_id }) => event_id),
      "no",
    ),
  ).toEqual(receipts.map(() => "no_content"));
  expect(await client.refute(events, "no")).toEqual(events.map(() => "refuted"));
  expect(await client.stats()).toMatchObject({ acknowledged: 0, rejected: 2_500, refuted: 2_500 });
});
