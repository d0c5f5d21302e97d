import { expect, test } from "vitest";
import type { Transport } from "../index.ts";
import { memoryTransport } from "../index.ts";
import type { DestinationFault, OutgoingEvent, SendAnswer } from "../transport.ts";
import "../../../testing/src/matchers.ts";
import { ALWAYS_DEDUP, batchSizes, DAY_MS, engineRig, recordMany, usage } from "../../test/engine-rig.ts";

/** A receiver that refuses a request as a whole when it holds an event it does not like, or more than it takes. */
const pickyTransport = (fault: (events: readonly OutgoingEvent[]) => DestinationFault | undefined) => {
  const inner = memoryTransport({ dedup: ALWAYS_DEDUP });
  const sizes: number[] = [];
  const transport: Transport = {
    name: "picky",
    receiver: { dedup: ALWAYS_DEDUP },
    send: async (batch, context): Promise<SendAnswer> => {
      sizes.push(batch.events.length);
      const refused = fault(batch.events);
      return refused === undefined ? inner.send(batch, context) : { fault: refused };
    },
  };
  return { inner, sizes, transport };
};

const invalid: DestinationFault = { kind: "invalid", reason: "not valid", status: 422 };

test("a poison event is found by halving and buried alone; the others are counted", async () => {
  const { inner, sizes, transport } = pickyTransport((events) =>
    events.some(({ event_id }) => event_id.startsWith("poison")) ? invalid : undefined,
  );
  const { client, clock } = engineRig({ transport });
  recordMany(client, 40);
  client.record(usage("tenant-a", { event_id: "poison-1" }));
  recordMany(client, 40);
  const last = client.record(usage("tenant-a", { event_id: "poison-2" }));
  recordMany(client, 18);
  await clock.advance(5_000);
  expect(await last.settled).toMatchObject({ state: "rejected", reason: "not valid", status: 422 });
  expect(inner).toHaveAcknowledged(98);
  expect(inner).toHaveCountedOnce();
  const stats = await client.stats();
  expect(stats).toMatchObject({ recorded: 100, acknowledged: 98, rejected: 2, pending: 0 });
  expect(stats).toBalance();
  // Two paths of a tree of depth 7, and their siblings.
  expect(sizes.length).toBeLessThan(40);
});

test("a batch that is too large is halved until it fits, and the next ones are no larger", async () => {
  const { inner, sizes, transport } = pickyTransport((events) =>
    events.length > 12 ? { kind: "too_large", reason: "413", status: 413 } : undefined,
  );
  const { client, clock } = engineRig({ transport, delivery: { maxBatchEvents: 100 } });
  recordMany(client, 100);
  await clock.advance(5_000);
  expect(inner).toHaveAcknowledged(100);
  expect(sizes.slice(0, 3)).toEqual([100, 50, 50]);
  const first = sizes.length;
  recordMany(client, 100);
  await clock.advance(30_000);
  expect(inner).toHaveAcknowledged(200);
  expect(Math.max(...sizes.slice(first))).toBeLessThan(50);
});

test("an event that alone is too large is a dead letter", async () => {
  const { inner, transport } = pickyTransport((events) =>
    events.some(({ event_id }) => event_id === "large")
      ? { kind: "too_large", reason: "413", status: 413 }
      : undefined,
  );
  const { client, clock } = engineRig({ transport });
  client.record(usage("tenant-a", { event_id: "large" }));
  recordMany(client, 5);
  await clock.advance(5_000);
  expect(inner).toHaveAcknowledged(5);
  expect(await client.stats()).toMatchObject({ rejected: 1, pending: 0 });
});

test("twenty refusals in a row are the destination's fault: the rest waits, and goes when it works again", async () => {
  let broken = true;
  const { inner, sizes, transport } = pickyTransport(() => (broken ? invalid : undefined));
  const { client, clock } = engineRig({ transport });
  const blocked: unknown[] = [];
  client.on("blocked", (status) => blocked.push(status));
  recordMany(client, 500);
  await clock.advance(DAY_MS);
  expect(await client.stats()).toMatchObject({ rejected: 19, pending: 481 });
  expect(blocked).toMatchObject([
    { name: "picky", state: "blocked", reason: expect.stringMatching(/twenty/) },
  ]);
  expect(client.health().destinations).toMatchObject([{ state: "blocked" }]);
  // Probed now and then: about every five minutes.
  expect(sizes.length).toBeLessThan(600);
  broken = false;
  await clock.advance(600_000);
  expect(inner).toHaveAcknowledged(481);
  expect(await client.redrive({ state: "rejected" })).toBe(19);
  await clock.advance(10_000);
  expect(inner).toHaveAcknowledged(500);
  expect(client.health().destinations).toMatchObject([{ state: "open" }]);
  expect(await client.stats()).toBalance();
});

test("per-event refusals bury only those", async () => {
  const { client, clock, transport } = engineRig({
    receiver: {
      answer: ({ event_id }) =>
        event_id === "bad" ? { state: "rejected", reason: "no such meter" } : { state: "acknowledged" },
    },
  });
  client.record(usage("tenant-a", { event_id: "bad" }));
  recordMany(client, 9);
  await clock.advance(1_000);
  expect(batchSizes(transport)).toEqual([10]);
  expect(await client.stats()).toMatchObject({ acknowledged: 9, rejected: 1 });
  expect(await client.list({ state: "rejected" })).toMatchObject([
    { event: { event_id: "bad" }, reason: "no such meter" },
  ]);
});
