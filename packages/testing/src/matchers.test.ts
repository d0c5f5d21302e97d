import { MeterClient, memoryTransport } from "@meter-lib/core";
import { emptyAccount } from "@meter-lib/core/store";
import { expect, test } from "vitest";
import "./matchers.ts";

const recordOne = async () => {
  const transport = memoryTransport();
  const client = new MeterClient({
    transport,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer-1" }) },
  });
  client.record({ tenant_id: "t", device_id: "d", meter_id: "page.processed.basic", total_usage: 24 });
  await client.flush();
  return { transport, stats: await client.stats() };
};

test("they hold for what was recorded and delivered", async () => {
  const { transport, stats } = await recordOne();
  expect(transport).toHaveRecorded({ meter_id: "page.processed.basic", total_usage: 24 });
  expect(transport).not.toHaveRecorded({ total_usage: 25 });
  expect(transport).toHaveAcknowledged(1);
  expect(transport).toHaveCountedOnce();
  expect(stats).toHaveAcknowledged(1);
  expect(stats).toBalance();
});

test("each of them fails with the reason", async () => {
  const { transport, stats } = await recordOne();
  expect(() => expect(transport).toHaveRecorded({ total_usage: 25 })).toThrow(/there are 1:/);
  expect(() => expect(transport).toHaveAcknowledged(2)).toThrow("expected 2 acknowledged events, got 1");
  const [event] = transport.events;
  const twice = { ...transport, events: [event, event] };
  expect(() => expect(twice).toHaveCountedOnce()).toThrow(/counted more than once: t /);
  expect(() => expect({ ...stats, lost: 1 }).toBalance()).toThrow(/in total: recorded is 1, .* add up to 2/);
  expect(() => expect({ ...emptyAccount(), recorded: 1, pending: 1, meters: {} }).toBalance()).toThrow(
    /recorded: 1 in total, 0 over the meters/,
  );
});
