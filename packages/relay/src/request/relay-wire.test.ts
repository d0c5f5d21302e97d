import { expect, test } from "vitest";
import { batchOf, pageEvent, pageRequest, postEvents, relayUnderTest } from "../../test/relay-under-test.ts";

const errorOf = async (answer: Response) => ({
  status: answer.status,
  ...(await answer.json().then(Object)),
});

test.each([
  ["no JSON", { text: "{" }, 400, "invalid_json"],
  ["nothing", {}, 400, "invalid_json"],
  ["a list", { body: [] }, 400, "invalid_batch"],
  ["no time of sending", { body: { events: [pageEvent()] } }, 400, "invalid_batch"],
  [
    "a time of sending that is text",
    { body: { sent_at: "now", events: [pageEvent()] } },
    400,
    "invalid_batch",
  ],
  ["no events", { body: { sent_at: 1 } }, 400, "invalid_batch"],
  ["an empty list", { body: batchOf() }, 400, "invalid_batch"],
  [
    "a token that is no text",
    { body: { ...batchOf(pageEvent()), token: { alg: "none" } } },
    400,
    "invalid_batch",
  ],
  ["a tenant that is no text", { body: { ...batchOf(pageEvent()), tenant_id: 7 } }, 400, "invalid_batch"],
  ["too many events", { body: batchOf(...Array.from({ length: 501 }, () => 1)) }, 413, "too_many_events"],
  ["invalid UTF-8", { text: new Uint8Array([0x7b, 0xff, 0x7d]) }, 400, "invalid_utf8"],
  ["text nested 30,000 deep", { text: "[".repeat(30_000) }, 400, "invalid_json"],
  ["a value nested 30,000 deep", { text: "[".repeat(30_000) + "]".repeat(30_000) }, 400, "invalid_batch"],
])("%s is refused as a whole", async (_name, request, status, code) => {
  const { relay, transport } = relayUnderTest();
  const answer = await errorOf(await relay(pageRequest(request)));
  expect(answer).toEqual({
    status,
    error: { code, message: expect.stringMatching(/^(body|sent_at|events|token|tenant_id): /) },
  });
  expect(transport.batches).toEqual([]);
});

test.each([
  "text/plain",
  "text/plain;charset=UTF-8",
  "application/json",
  'Application/JSON; charset="utf-8"',
])("%s is taken", async (type) => {
  const { relay } = relayUnderTest();
  const answer = await relay(pageRequest({ body: batchOf(pageEvent()), headers: { "content-type": type } }));
  expect(answer.status).toBe(200);
});

test.each([
  { "content-type": "application/x-www-form-urlencoded" },
  { "content-type": "multipart/form-data; boundary=x" },
  { "content-type": "text/html" },
  { "content-type": "application/json; charset=utf-16" },
  { "content-type": "text/plain, application/json" },
  { "content-encoding": "gzip" },
])("%o is not", async (headers) => {
  const { relay } = relayUnderTest();
  const answer = await relay(pageRequest({ body: batchOf(pageEvent()), headers }));
  expect(await errorOf(answer)).toMatchObject({ status: 415, error: { code: "unsupported_media_type" } });
});

test("a body without a content type is not taken either", async () => {
  const { relay } = relayUnderTest();
  const text = new TextEncoder().encode(JSON.stringify(batchOf(pageEvent())));
  const answer = await relay(pageRequest({ text, headers: { "content-type": undefined } }));
  expect(answer.status).toBe(415);
});

test("a byte order mark is no part of the JSON", async () => {
  const { relay } = relayUnderTest();
  const answer = await relay(pageRequest({ text: `\ufeff${JSON.stringify(batchOf(pageEvent()))}` }));
  expect(answer.status).toBe(200);
});

test("one bad event does not hold up the others, and answers come in order", async () => {
  const { relay, transport, client } = relayUnderTest();
  const good = (event_id: string) => pageEvent({ event_id });
  const results = await postEvents(relay, [
    good("a"),
    { ...good("b"), total_usage: 2.5 },
    good("c"),
    { ...good("d"), meter_id: "document.basic.page" },
    null,
    good("e"),
  ]);
  expect(results.map(({ event_id, state }) => [event_id, state])).toEqual([
    ["a", "accepted"],
    ["b", "rejected"],
    ["c", "accepted"],
    ["d", "rejected"],
    ["", "rejected"],
    ["e", "accepted"],
  ]);
  await client.flush();
  expect(transport.events.map(({ event_id }) => event_id.at(-1))).toEqual(["a", "c", "e"]);
});

const { metadata: _, ...plain } = pageEvent();

test.each([
  ["event_id", { event_id: undefined }, "nothing"],
  ["event_id", { event_id: "" }, '""'],
  ["event_id", { event_id: "ä" }, '"ä"'],
  ["event_id", { event_id: "x".repeat(60_000) }, "60000 characters"],
  ["event_id", { event_id: "x".repeat(201) }, '"xxx'],
  ["session_id", { session_id: "x".repeat(201) }, '"xxx'],
  ["event_id", { event_id: 7 }, "7"],
  ["meter_id", { meter_id: ["page.processed.basic"] }, "an array"],
  ["event_time", { event_time: undefined }, "nothing"],
  ["event_time", { event_time: -1 }, "-1"],
  ["event_time", { event_time: "2026-01-01" }, '"2026-01-01"'],
  ["event_time", { event_time: 2 ** 60 }, "1152921504606847000"],
  ["total_usage", { total_usage: -1 }, "-1"],
  ["total_usage", { total_usage: "24" }, '"24"'],
  ["total_usage", { total_usage: null }, "null"],
  ["start_time", { start_time: 1.5 }, "1.5"],
  ["end_time", { end_time: true }, "true"],
  ["session_id", { session_id: "a b" }, '"a b"'],
  ["metadata", { metadata: { plan: 1 } }, "an object"],
  ["metadata", { metadata: ["a"] }, "an array"],
  ["tenant_id", { tenant_id: "tenant_456" }, "a value"],
  ["device_id", { device_id: "other" }, "a value"],
  ["customer_id", { customer_id: "cust_666" }, "a value"],
])("an event whose %s is wrong is rejected by name: %o", async (field, fields, given) => {
  const { relay, transport, client } = relayUnderTest();
  const [result] = await postEvents(relay, [{ ...plain, ...fields }]);
  expect(result).toMatchObject({ state: "rejected" });
  expect(result?.reason).toMatch(new RegExp(`^${field}: expected `));
  expect(result?.reason).toContain(`got ${given === "60000 characters" ? '"xxx' : given}`);
  expect(result?.reason?.length).toBeLessThan(200);
  await client.flush();
  expect(transport.events).toEqual([]);
});

test("a device and a customer beside the events change nothing", async () => {
  const { relay, transport, client } = relayUnderTest();
  const body = {
    ...batchOf(pageEvent()),
    tenant_id: "tenant_123",
    device_id: "other",
    customer_id: "cust_666",
  };
  expect((await relay(pageRequest({ body }))).status).toBe(200);
  await client.flush();
  expect(transport.events).toMatchObject([
    { tenant_id: "tenant_123", device_id: "web-1", customer_id: "customer of tenant_123" },
  ]);
});

test.each([
  ["tenant_id", "tenant_456", "wrong_tenant"],
  ["subject", "ada", "wrong_subject"],
])(
  "events of another %s than the credentials' are refused: they are sent when their own is back",
  async (field, value, code) => {
    const { relay, transport } = relayUnderTest({
      authenticate: () => ({ tenant_id: "tenant_123", device_id: "web-1", subject: "bob" }),
    });
    const answer = await errorOf(
      await relay(pageRequest({ body: { ...batchOf(pageEvent()), [field]: value } })),
    );
    expect(answer).toEqual({
      status: 403,
      error: {
        code,
        message: expect.stringMatching(new RegExp(`^${field}: expected that of the credentials, .*${value}`)),
      },
    });
    expect(transport.batches).toEqual([]);
  },
);

test.each([
  [
    "the credentials' user, who is not named by the page",
    "bob",
    undefined,
    'that of the credentials, "bob", got nothing',
  ],
  [
    "a user, whom the credentials do not name",
    undefined,
    "ada",
    'nothing, because the credentials name no user, got "ada"',
  ],
])("page and credentials name the same user or none: %s", async (_, ofCredentials, ofPage, words) => {
  const { relay, transport } = relayUnderTest({
    authenticate: () => ({ tenant_id: "tenant_123", device_id: "web-1", subject: ofCredentials }),
  });
  const body = { ...batchOf(pageEvent()), subject: ofPage };
  expect(await errorOf(await relay(pageRequest({ body })))).toEqual({
    status: 403,
    error: { code: "wrong_subject", message: `subject: expected ${words}` },
  });
  expect(transport.batches).toEqual([]);
});

test.each(["bob", undefined])("page and credentials that name the same user (%s) pass", async (subject) => {
  const { relay } = relayUnderTest({
    authenticate: () => ({ tenant_id: "tenant_123", device_id: "web-1", subject }),
  });
  const answer = await relay(pageRequest({ body: { ...batchOf(pageEvent()), subject } }));
  expect(answer.status).toBe(200);
});

test.each([
  `{"sent_at":1,"__proto__":{"events":[1],"polluted":true}}`,
  `{"sent_at":1,"constructor":{"prototype":{"polluted":true}},"events":{"length":1}}`,
])("prototype keys beside the events are nothing: %s", async (text) => {
  const { relay } = relayUnderTest();
  expect(await errorOf(await relay(pageRequest({ text })))).toMatchObject({
    status: 400,
    error: { code: "invalid_batch" },
  });
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

test.each(["__proto__", "constructor", "prototype", "toString"])(
  "the key %s in an event is a foreign field",
  async (key) => {
    const { relay } = relayUnderTest();
    const event = `{"event_id":"a","${key}":{"polluted":true},"meter_id":"page.processed.basic","event_time":${Date.now()},"total_usage":1}`;
    const answer = await relay(pageRequest({ text: `{"sent_at":${Date.now()},"events":[${event}]}` }));
    expect(await answer.json()).toEqual({
      results: [{ event_id: "a", state: "rejected", reason: `${key}: expected no such field, got a value` }],
    });
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  },
);

test("the key __proto__ in metadata is refused; constructor is a key like any other", async () => {
  const { relay, transport, client } = relayUnderTest();
  const event = (id: string, metadata: string) =>
    `{"event_id":"${id}","metadata":${metadata},"meter_id":"page.processed.basic","event_time":${Date.now()},"total_usage":1}`;
  const events = [event("a", '{"__proto__":"x"}'), event("b", '{"constructor":"x"}')].join();
  const answer = await relay(pageRequest({ text: `{"sent_at":${Date.now()},"events":[${events}]}` }));
  expect(await answer.json()).toMatchObject({ results: [{ state: "rejected" }, { state: "accepted" }] });
  await client.flush();
  expect(transport.events).toMatchObject([{ metadata: { constructor: "x" } }]);
});
