import { expect, test } from "vitest";
import { batchOf, PRINCIPAL, pageEvent, pageRequest, relayUnderTest } from "../../test/relay-under-test.ts";
import type { Principal } from "./authenticate.ts";
import { tokenBucket } from "./token-bucket.ts";

test("so much comes at once, and so much per second", () => {
  const rate = tokenBucket({ capacity: 10, perSecond: 2 });
  expect(rate.take("a", 10, 0)).toEqual({ ok: true });
  expect(rate.take("a", 1, 0)).toEqual({ ok: false, retryAfterMs: 500 });
  expect(rate.take("a", 4, 1_000)).toEqual({ ok: false, retryAfterMs: 1_000 });
  expect(rate.take("a", 4, 2_000)).toEqual({ ok: true });
  expect(rate.take("b", 10, 2_000)).toEqual({ ok: true });
});

test("a cost above the capacity takes all of it, so that it can come at all", () => {
  const rate = tokenBucket({ capacity: 10, perSecond: 10 });
  expect(rate.take("a", 25, 0)).toEqual({ ok: true });
  expect(rate.take("a", 25, 0)).toEqual({ ok: false, retryAfterMs: 1_000 });
});

test("a clock that is set back gives nothing away, and takes nothing", () => {
  const rate = tokenBucket({ capacity: 10, perSecond: 10 });
  rate.take("a", 10, 100_000);
  expect(rate.take("a", 1, 0)).toMatchObject({ ok: false });
  expect(rate.take("a", 1, 100)).toEqual({ ok: true });
});

test("it remembers so many keys and no more: the one unused for longest goes", () => {
  const rate = tokenBucket({ capacity: 1, perSecond: 0.001, maxKeys: 2 });
  for (const key of ["a", "b"]) rate.take(key, 1, 0);
  rate.take("a", 1, 0);
  rate.take("c", 1, 0);
  expect(rate.take("a", 1, 0)).toMatchObject({ ok: false });
  expect(rate.take("b", 1, 0)).toEqual({ ok: true });
});

test.each([
  { capacity: 0, perSecond: 1 },
  { capacity: 1, perSecond: -1 },
  { capacity: 1, perSecond: 1, maxKeys: Number.NaN },
])("refuses %o", (options) => {
  expect(() => tokenBucket(options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
});

const eventsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => pageEvent({ event_id: `event-${index}` }));

test("events above a device's rate are answered 429, with when to come again; another device is not held up", async () => {
  let principal: Principal = PRINCIPAL;
  const { relay, transport, client } = relayUnderTest({
    authenticate: () => principal,
    rate: { device: tokenBucket({ capacity: 5, perSecond: 0.5 }) },
  });
  const post = () => relay(pageRequest({ body: batchOf(...eventsOf(4)) }));
  expect((await post()).status).toBe(200);
  const refused = await post();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(5);
  expect(await refused.json()).toMatchObject({ error: { code: "rate_limited" } });
  principal = { ...PRINCIPAL, device_id: "web-2" };
  expect((await post()).status).toBe(200);
  await client.flush();
  expect(transport.events).toHaveLength(4);
});

test("the devices of one tenant share the tenant's rate", async () => {
  let device = 0;
  const { relay } = relayUnderTest({
    authenticate: () => ({ ...PRINCIPAL, device_id: `web-${++device}` }),
    rate: { device: false, tenant: tokenBucket({ capacity: 2, perSecond: 0.1 }) },
  });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++)
    statuses.push((await relay(pageRequest({ body: batchOf(pageEvent()) }))).status);
  expect(statuses).toEqual([200, 200, 429]);
});
