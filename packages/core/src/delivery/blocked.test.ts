import { expect, test } from "vitest";
import { memoryTransport } from "../index.ts";
import type { DestinationFault } from "../transport.ts";
import "../../../testing/src/matchers.ts";
import { ALWAYS_DEDUP, DAY_MS, engineRig, recordMany, usage } from "../../test/engine-rig.ts";

const unauthorized: DestinationFault = {
  kind: "blocked",
  reason: "the key is not right",
  status: 401,
  credentials: true,
};

const keyedTransport = (refresh: () => Promise<void>) => {
  const inner = memoryTransport({ name: "keyed", dedup: ALWAYS_DEDUP });
  let refreshed = 0;
  const transport = {
    ...inner,
    refreshCredentials: async () => {
      refreshed++;
      await refresh();
    },
  };
  return { inner, transport, refreshed: () => refreshed };
};

test("refused credentials are refreshed once, and the events go at once", async () => {
  const { inner, transport, refreshed } = keyedTransport(async () => {});
  const { client, clock } = engineRig({ transport });
  inner.failNext(unauthorized);
  recordMany(client, 3);
  await clock.advance(1_000);
  expect(refreshed()).toBe(1);
  expect(inner).toHaveAcknowledged(3);
});

test.each([
  ["does not help", async () => {}],
  ["fails", async () => Promise.reject(new Error("no key server"))],
])("a refresh that %s blocks the destination: events are kept, and probed for", async (_, refresh) => {
  const { inner, transport, refreshed } = keyedTransport(refresh);
  const { client, clock } = engineRig({ transport });
  const told: string[] = [];
  client.on("blocked", ({ state, reason }) => told.push(`${state}: ${reason}`));
  client.on("unblocked", ({ state }) => told.push(`unblocked: ${state}`));
  for (let i = 0; i < 50; i++) inner.failNext(unauthorized);
  recordMany(client, 3);
  await clock.advance(30 * 60_000);
  expect(refreshed()).toBe(1);
  expect(told).toEqual(["blocked: the key is not right"]);
  expect(client.health().destinations).toMatchObject([{ state: "blocked", status: 401, queued: 3 }]);
  expect(await client.stats()).toMatchObject({ pending: 3, rejected: 0 });
  const probes = inner.batches.slice(2).map(({ events }) => events.length);
  expect(Math.max(...probes)).toBe(1);
  await clock.advance(DAY_MS);
  expect(inner).toHaveAcknowledged(3);
  expect(told.at(-1)).toMatch(/^unblocked/);
});

test("retryNow tries a blocked destination at once", async () => {
  const { client, clock, transport } = engineRig();
  transport.failNext({ kind: "blocked", reason: "moved", status: 404 });
  client.record(usage());
  await clock.advance(1_000);
  expect(client.health().destinations).toMatchObject([{ state: "blocked" }]);
  client.retryNow();
  await clock.settle();
  expect(transport).toHaveAcknowledged(1);
  expect(client.health().destinations).toMatchObject([{ state: "open" }]);
});

test("events recorded while it is blocked are accepted and wait", async () => {
  const { client, clock, transport } = engineRig();
  for (let i = 0; i < 8; i++) transport.failNext({ kind: "blocked", reason: "moved", status: 404 });
  client.record(usage());
  await clock.advance(1_000);
  const receipt = client.record(usage());
  expect(await receipt.durable).toEqual({ ok: false, reason: "volatile" });
  await clock.advance(DAY_MS);
  expect(transport).toHaveAcknowledged(2);
});
