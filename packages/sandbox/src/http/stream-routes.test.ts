import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { postEvent, postRecords } from "../testing/post-events.ts";
import { readStream, type StreamMessage } from "../testing/read-stream.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({ tenants: { tenant_123: "cust_001", other: "cust_002" } });
});
afterEach(() => sandbox.close());

const listen = async (query = "", headers: Record<string, string> = {}) => {
  const response = await fetch(`${sandbox.url}/sandbox/v1/stream${query}`, { headers });
  const messages = readStream(response);
  const next = async (): Promise<StreamMessage | undefined> => (await messages.next()).value ?? undefined;
  return { response, next };
};

test("tells events as they arrive, from the moment of the question on", async () => {
  await postEvent(sandbox.url);
  const { response, next } = await listen();
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  await postEvent(sandbox.url, { body: { total_usage: 7 } });
  expect(await next()).toMatchObject({
    event: "event",
    id: "2",
    data: { id: 2, state: "accepted", tenant_id: "tenant_123", total_usage: 7 },
  });
  await postEvent(sandbox.url, { body: { total_usage: -1 } });
  expect(await next()).toMatchObject({ data: { id: 3, state: "refused" } });
});

test("leaves out headers and bodies", async () => {
  const { next } = await listen();
  await postEvent(sandbox.url);
  const data = (await next())?.data;
  expect(data).not.toHaveProperty("headers");
  expect(data).not.toHaveProperty("body");
});

test("goes on where a connection broke, without one event twice or left out", async () => {
  for (let i = 0; i < 3; i++) await postEvent(sandbox.url);
  const { next } = await listen("", { "last-event-id": "1" });
  expect([(await next())?.id, (await next())?.id]).toEqual(["2", "3"]);
});

test("filters", async () => {
  const { next } = await listen("?tenant_id=other&after=0");
  await postEvent(sandbox.url);
  await postEvent(sandbox.url, { tenant: "other", body: { customer_id: "cust_002" } });
  expect(await next()).toMatchObject({ id: "2", data: { tenant_id: "other" } });
});

test("tells a reader that is far behind how much it missed, then the newest", async () => {
  const record = { meter_id: "page.processed.basic", customer_id: "cust_001", total_usage: 1 };
  for (let i = 0; i < 3; i++) await postRecords(sandbox.url, Array(1000).fill(record));
  const { next } = await listen("?after=0");
  expect(await next()).toMatchObject({ event: "skipped", data: { events: 2800 } });
  expect(await next()).toMatchObject({ event: "event", id: "2801" });
});

test("a reader misses only what it asked for", async () => {
  const record = { meter_id: "page.processed.basic", customer_id: "cust_001", total_usage: 1 };
  await postEvent(sandbox.url, { tenant: "other", body: { customer_id: "cust_002" } });
  for (let i = 0; i < 3; i++) await postRecords(sandbox.url, Array(1000).fill(record));
  await postEvent(sandbox.url, { tenant: "other", body: { customer_id: "cust_002" } });
  const { next } = await listen("?after=0&tenant_id=other");
  expect(await next()).toMatchObject({ event: "skipped", data: { events: 1 } });
  expect(await next()).toMatchObject({ event: "event", id: "3002" });
  const refused = await listen("?after=0&state=refused");
  await postEvent(sandbox.url, { body: { total_usage: -1 } });
  expect(await refused.next()).toMatchObject({ event: "event", id: "3003" });
});

test("a reader may ask for less", async () => {
  const record = { meter_id: "page.processed.basic", customer_id: "cust_001", total_usage: 1 };
  await postRecords(sandbox.url, Array(300).fill(record));
  const { next } = await listen("?after=0&behind=200");
  expect(await next()).toMatchObject({ event: "skipped", data: { events: 100 } });
  expect(await next()).toMatchObject({ id: "101" });
  for (const wrong of ["behind=1", "every_ms=1", "every_ms=60000"]) {
    expect((await fetch(`${sandbox.url}/sandbox/v1/stream?${wrong}`)).status, wrong).toBe(400);
  }
});

test("starts again after a reset", async () => {
  for (let i = 0; i < 2; i++) await postEvent(sandbox.url);
  const { next } = await listen();
  await fetch(`${sandbox.url}/sandbox/v1/reset`, { method: "POST" });
  await postEvent(sandbox.url);
  expect(await next()).toMatchObject({ id: "1" });
});

test("ends with the sandbox", async () => {
  const { next } = await listen();
  const [message] = await Promise.all([next(), sandbox.close()]);
  expect(message).toBeUndefined();
});
