import { expect, test } from "vitest";
import { PRINCIPAL, pageEvent, postEvents, relayUnderTest } from "../../test/relay-under-test.ts";

const server = {
  tenant_id: PRINCIPAL.tenant_id,
  device_id: "eu-1",
  meter_id: "page.processed.basic",
} as const;

test("an id that a page used before is free for the server: both events count", async () => {
  const { relay, transport, client } = relayUnderTest();
  expect(await postEvents(relay, [pageEvent({ event_id: "order-1001", total_usage: 0 })])).toEqual([
    { event_id: "order-1001", state: "accepted" },
  ]);
  const receipt = client.record({ ...server, total_usage: 5_000, event_id: "order-1001" });
  expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
  expect(transport.events.map(({ total_usage }) => total_usage).toSorted()).toEqual([0, 5_000]);
});

test("a page cannot say the id of another tenant's page, nor one that was handed on before", async () => {
  let tenant_id = "acme";
  const { relay, transport, client } = relayUnderTest({ authenticate: () => ({ ...PRINCIPAL, tenant_id }) });
  await postEvents(relay, [pageEvent({ event_id: "a" })]);
  await client.flush();
  const [taken] = transport.events;
  tenant_id = "other";
  for (const event_id of ["a", taken?.event_id])
    await postEvents(relay, [pageEvent({ event_id: String(event_id) })]);
  tenant_id = "acme";
  await postEvents(relay, [pageEvent({ event_id: String(taken?.event_id) })]);
  await client.flush();
  expect(new Set(transport.events.map(({ event_id }) => event_id)).size).toBe(4);
});

test("a session of a page is none of the server's", async () => {
  const { relay, transport, client } = relayUnderTest();
  const boundary = { meter_id: "chat.on.time_hours", total_usage: undefined, session_id: "session-7" };
  const now = Date.now();
  await postEvents(relay, [
    pageEvent({ ...boundary, event_id: "start", start_time: now }),
    pageEvent({ ...boundary, event_id: "end", end_time: now }),
  ]);
  await client.flush();
  const [start, end] = transport.events;
  expect(start?.session_id).toBe("page~7Kq2ZxVw:tenant_123:session-7");
  expect(end?.session_id).toBe(start?.session_id);
});

test.each([
  ["日本 & co", "page~7Kq2ZxVw:%E6%97%A5%E6%9C%AC%20%26%20co:"],
  ["a:b", "page~7Kq2ZxVw:a%3Ab:"],
  ["t".repeat(40), `page~7Kq2ZxVw:${"t".repeat(40)}:`],
  ["t".repeat(41), "page~7Kq2ZxVw:+CBw3m520Rz0k8xizxBC6jw:"],
])("the longest id of a page of %j has room behind its namespace", async (tenant_id, namespace) => {
  const { relay, transport, client } = relayUnderTest({ authenticate: () => ({ ...PRINCIPAL, tenant_id }) });
  const event_id = "x".repeat(200);
  expect(await postEvents(relay, [pageEvent({ event_id })])).toEqual([{ event_id, state: "accepted" }]);
  await client.flush();
  expect(transport.events[0]?.event_id).toBe(`${namespace}${event_id}`);
});
