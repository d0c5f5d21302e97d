import { expect, test } from "vitest";
import { pageEvent, postEvents, relayUnderTest } from "../test/relay-under-test.ts";

test("an event of a page is handed on as the page froze it, under ids of its own, for the tenant and device of the credentials", async () => {
  const { relay, transport, client } = relayUnderTest();
  const event = pageEvent({ event_time: Date.now() - 5_000, metadata: { plan: "pro" }, session_id: "s1" });
  expect(await postEvents(relay, [event])).toEqual([{ event_id: event.event_id, state: "accepted" }]);
  await client.flush();
  expect(transport.events).toMatchObject([
    {
      ...event,
      event_id: `page~7Kq2ZxVw:tenant_123:${event.event_id}`,
      session_id: "page~7Kq2ZxVw:tenant_123:s1",
      tenant_id: "tenant_123",
      device_id: "web-1",
    },
  ]);
});

test("the same batch again is a duplicate, and counted once", async () => {
  const { relay, transport, client } = relayUnderTest();
  const event = pageEvent();
  await postEvents(relay, [event]);
  expect(await postEvents(relay, [event])).toEqual([{ event_id: event.event_id, state: "duplicate" }]);
  await client.flush();
  expect(transport.events).toHaveLength(1);
});
