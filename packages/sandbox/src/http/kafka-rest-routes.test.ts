import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postRecords, postTopic } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({ tenants: { tenant_123: "cust_001", other: "cust_002" } });
});
afterEach(() => sandbox.close());

const NOON = Date.UTC(2026, 5, 1, 12);
const page = (fields: object = {}) => ({
  meter_id: "page.processed.basic",
  customer_id: "cust_001",
  total_usage: 24,
  event_time: NOON,
  metadata: {},
  ...fields,
});
const withId = (event_id: string, fields: object = {}) =>
  page({ metadata: { "meter.event_id": event_id, "meter.tenant_id": "tenant_123" }, ...fields });

test("answers as Confluent's REST proxy does, an offset per record", async () => {
  const answer = await postRecords(sandbox.url, [page(), page()]);

  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("application/vnd.kafka.v2+json");
  expect(await answer.text()).toBe(
    '{"offsets":[{"partition":0,"offset":0,"error_code":null,"error":null},{"partition":0,"offset":1,"error_code":null,"error":null}],"key_schema_id":null,"value_schema_id":null}',
  );
});

test("finds a plain client's tenant by its customer", async () => {
  await postRecords(sandbox.url, [page(), page({ customer_id: "cust_002" })]);
  expect(sandbox.usage()).toMatchObject([
    { tenant_id: "tenant_123", customer_id: "cust_001", total_usage: 24 },
    { tenant_id: "other", customer_id: "cust_002", total_usage: 24 },
  ]);
});

test("a repeated request counts once and gets offsets again", async () => {
  const batch = Array.from({ length: 120 }, (_, i) => withId(`id-${i}`));
  await postRecords(sandbox.url, batch);
  const again = await postRecords(sandbox.url, batch);

  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({ offsets: Array(120).fill({ error_code: null }) });
  expect(sandbox.usage()).toMatchObject([
    { events: 120, total_usage: 24 * 120, duplicates: 120, conflicts: 0 },
  ]);
});

test("an id twice in one request counts once; new ones beside it count", async () => {
  await postRecords(sandbox.url, [withId("a"), withId("b"), withId("a"), withId("c")]);
  expect(sandbox.usage()).toMatchObject([{ events: 3, duplicates: 1 }]);
});

test("a conflict fails alone, finally; the first one counts", async () => {
  await postRecords(sandbox.url, [withId("a")]);
  const answer = await postRecords(sandbox.url, [withId("a", { total_usage: 7 }), withId("b")]);

  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    offsets: [
      {
        partition: null,
        offset: null,
        error_code: 50002,
        error: expect.stringContaining("different content"),
      },
      { partition: 0, error_code: null },
    ],
  });
  expect(sandbox.usage()).toMatchObject([{ events: 2, total_usage: 48, conflicts: 1 }]);
});

test("the order of metadata is no conflict, its values are", async () => {
  const meta = (event_id: string, a: string) => ({
    metadata: { a, b: "2", "meter.event_id": event_id, "meter.producer": "p", "meter.seq": "1" },
  });
  const turned = {
    metadata: { "meter.event_id": "x", b: "2", a: "1", "meter.producer": "p2", "meter.seq": "9" },
  };
  await postRecords(sandbox.url, [page(meta("x", "1")), page(turned)]);
  expect(sandbox.usage()).toMatchObject([{ events: 1, duplicates: 1, conflicts: 0 }]);
  await postRecords(sandbox.url, [page(meta("x", "other"))]);
  expect(sandbox.usage()).toMatchObject([{ events: 1, duplicates: 1, conflicts: 1 }]);
});

test.each([
  ["one less", { a: "1" }],
  ["one more", { a: "1", b: "2", c: "3" }],
])("%s in the metadata is a conflict", async (_, metadata) => {
  await postRecords(sandbox.url, [page({ metadata: { a: "1", b: "2", "meter.event_id": "x" } })]);
  await postRecords(sandbox.url, [page({ metadata: { ...metadata, "meter.event_id": "x" } })]);
  expect(sandbox.usage()).toMatchObject([{ events: 1, conflicts: 1 }]);
});

test("a customer who pays for several tenants: a plain client's event goes to the first of them", async () => {
  await using shared = await createSandbox({ tenants: { first: "cust_001", second: "cust_001" } });
  await postRecords(shared.url, [page(), page({ metadata: { "meter.tenant_id": "second" } })]);
  expect(shared.usage().map((row) => row.tenant_id)).toEqual(["first", "second"]);
});

test("an event that arrives over both dialects counts once", async () => {
  await postRecords(sandbox.url, [
    page({ metadata: { "meter.event_id": "a", "meter.tenant_id": "tenant_123", "meter.device_id": "d" } }),
  ]);
  const answer = await fetch(`${sandbox.url}/api/v1/events`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-tenant-id": "tenant_123",
      "x-device-id": "d",
      "idempotency-key": "a",
    },
    body: JSON.stringify({ meter_id: "page.processed.basic", total_usage: 24, customer_id: "cust_001" }),
  });
  expect(await answer.json()).toMatchObject({ status: "duplicate" });
});

test.each([
  ["no records", "{}", 422, "produceJson.request.records must not be empty (was [])"],
  ["empty records", '{"records":[]}', 422, "produceJson.request.records must not be empty (was [])"],
  ["null", "null", 422, "produceJson.request must not be null (was null)"],
  ["an empty body", "", 422, "produceJson.request must not be null (was null)"],
  ["a foreign field", '{"records":[{"value":{}}],"foo":1}', 422, "Unrecognized field: foo"],
  ["record headers", '{"records":[{"value":{},"headers":[]}]}', 422, "Unrecognized field: headers"],
  ["a record without a value", '{"records":[{"key":"a"}]}', 422, "records[0].value: expected an object"],
  [
    "__proto__ in a record",
    '{"records":[{"value":{"meter_id":"m","customer_id":"cust_001","total_usage":1,"__proto__":{}}}]}',
    422,
    "__proto__",
  ],
])("refuses %s in Confluent's words", async (_, body, status, message) => {
  const answer = await postTopic(sandbox.url, body);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/vnd.kafka.v2+json");
  expect(await answer.json()).toMatchObject({
    error_code: status,
    message: expect.stringContaining(message),
  });
});

test.each([
  ["malformed JSON", '{"records":[{"value":'],
  ["HTML", "<html>Sign in</html>"],
  ["NaN", '{"records":[{"value":{"total_usage":NaN}}]}'],
  ["an array", "[]"],
  ["records that are no array", '{"records":{}}'],
  ["gzip", gzipSync('{"records":[]}')],
])("answers %s with 400 in plain text", async (_, body) => {
  const answer = await postTopic(sandbox.url, typeof body === "string" ? body : new Uint8Array(body));
  expect(answer.status).toBe(400);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
});

test.each([
  ["application/json", undefined, 415],
  ["application/vnd.kafka.binary.v2+json", undefined, 415],
  ["application/vnd.kafka.json.v2+json; charset=utf-8", undefined, 200],
  ["application/vnd.kafka.json.v2+json", "application/json", 406],
  ["application/vnd.kafka.json.v2+json", "application/vnd.kafka.v2+json, application/json", 200],
])("media type %s, accepting %s: %i", async (type, accept, status) => {
  const headers = { "content-type": type, ...(accept === undefined ? undefined : { accept }) };
  const answer = await postTopic(sandbox.url, JSON.stringify({ records: [{ value: page() }] }), headers);
  expect(answer.status).toBe(status);
});

test("one bad record refuses the request, names itself, and counts none", async () => {
  const answer = await postRecords(sandbox.url, [withId("a"), withId("b", { total_usage: 1.5 })]);

  expect(answer.status).toBe(422);
  expect(await answer.json()).toEqual({
    error_code: 422,
    message: "records[1].value.total_usage: expected an integer from 0 to 2^53 − 1, got 1.5",
  });
  expect(sandbox.usage()).toEqual([]);
  expect(await getJson(sandbox.url, "/sandbox/v1/events?event_id=b")).toMatchObject({
    events: [
      {
        state: "refused",
        tenant_id: "tenant_123",
        reason: expect.stringContaining("records[1]"),
        body: { value: { total_usage: 1.5 } },
      },
    ],
  });
});

test.each([
  [
    "an unknown customer",
    { customer_id: "cust_999" },
    "records[0].value.customer_id: expected a customer of a known tenant",
  ],
  [
    "an unknown tenant",
    { metadata: { "meter.tenant_id": "nobody" } },
    "records[0].value.metadata.meter.tenant_id: expected a known tenant",
  ],
  ["metadata that is no text", { metadata: { page: 1 } }, "records[0].value.metadata.page: expected text"],
  [
    "a __proto__ key that is no text",
    { metadata: JSON.parse('{"__proto__":{"polluted":true}}') },
    "records[0].value.metadata.__proto__",
  ],
  [
    "ISO text",
    {
      total_usage: undefined,
      event_time: undefined,
      ai_event: true,
      start_time: "2025-10-06T22:59:12+00:00",
    },
    "milliseconds since the epoch, as a number",
  ],
  ["seconds", { event_time: 1_759_791_552 }, "looks like seconds"],
  ["nanoseconds", { event_time: 1_759_791_552e9 }, "looks like nanoseconds"],
  ["a sequence number that is no number", { metadata: { "meter.seq": "one" } }, "metadata.meter.seq"],
])("refuses %s", async (_, fields, message) => {
  const answer = await postRecords(sandbox.url, [page(fields)]);
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining(message) });
});

test("a topic that is not there fails each record, as the proxy says after its minute", async () => {
  const answer = await fetch(`${sandbox.url}/topics/usage`, {
    method: "POST",
    headers: { "content-type": "application/vnd.kafka.json.v2+json" },
    body: JSON.stringify({ records: [{ value: page() }] }),
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    offsets: [{ error_code: 50003, error: "Topic usage not present in metadata." }],
  });
  expect(sandbox.usage()).toEqual([]);
});

test("a body above the limit is 413, and the connection's next request is answered", async () => {
  const answer = await postTopic(sandbox.url, new Uint8Array(1_048_577).fill(32));
  expect(answer.status).toBe(413);
  expect((await postRecords(sandbox.url, [page()])).status).toBe(200);
});
