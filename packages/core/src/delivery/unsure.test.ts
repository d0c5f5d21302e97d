import { describe, expect, test } from "vitest";
import type { Outcome } from "../transport.ts";
import "../../../testing/src/matchers.ts";
import { DAY_MS, engineRig, recordMany, usage } from "../../test/engine-rig.ts";

const unsure: Outcome = { state: "unsure", reason: "the answer was lost" };

describe("at a receiver that deduplicates", () => {
  test("an unsure event is sent again, with the same bytes", async () => {
    const { client, clock, transport } = engineRig();
    transport.failNext(unsure);
    const receipt = client.record(usage());
    await clock.advance(5_000);
    expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
    const [first, second] = transport.batches;
    expect(first?.events).toEqual(second?.events);
  });

  test("past the window, counted from the first attempt that may have arrived, it is not", async () => {
    const { client, clock, transport } = engineRig({
      receiver: { dedup: { windowMs: 10_000 } },
      delivery: { retryCapMs: 4_000 },
    });
    for (let i = 0; i < 20; i++) transport.failNext(unsure);
    const receipt = client.record(usage());
    await clock.advance(60_000);
    expect(await receipt.settled).toMatchObject({
      state: "quarantined",
      reason: expect.stringContaining("10000 ms"),
    });
    expect(transport.batches.length).toBeGreaterThan(2);
    expect(await client.stats()).toMatchObject({ quarantined: 1, pending: 0 });
  });

  test("attempts that certainly did not arrive do not open the window", async () => {
    const { client, clock, transport } = engineRig({ receiver: { dedup: { windowMs: 10_000 } } });
    for (let i = 0; i < 6; i++) transport.failNext({ kind: "unavailable", reason: "no connection" });
    transport.failNext(unsure);
    const receipt = client.record(usage());
    await clock.advance(DAY_MS);
    expect(await receipt.settled).toMatchObject({ state: "quarantined" });
    expect(transport.batches).toHaveLength(7);
  });
});

describe("at a receiver that does not", () => {
  test("an unsure event is not sent again; a person may have it sent, or give it up", async () => {
    const { client, clock, transport } = engineRig({ receiver: { dedup: false } });
    transport.failNext(unsure);
    const receipts = recordMany(client, 3);
    await clock.advance(DAY_MS);
    expect(transport.batches).toHaveLength(1);
    expect(await receipts[0]?.settled).toMatchObject({ state: "quarantined" });
    expect(await client.list({ state: "quarantined" })).toHaveLength(3);
    const ids = receipts.map(({ event_id }) => event_id);
    expect(await client.redrive({ state: "quarantined", event_ids: ids.slice(0, 1) })).toBe(1);
    expect(
      await client.discard({ state: "quarantined", event_ids: ids.slice(1, 2) }, "counted by hand"),
    ).toBe(1);
    await clock.advance(DAY_MS);
    const stats = await client.stats();
    expect(stats).toMatchObject({ acknowledged: 1, quarantined: 1, discarded: 1, pending: 0 });
    expect(stats).toBalance();
  });

  test("`resend` sends it again", async () => {
    const { client, clock, transport } = engineRig({
      receiver: { dedup: false },
      delivery: { ambiguity: "resend" },
    });
    transport.failNext(unsure);
    client.record(usage());
    await clock.advance(5_000);
    expect(transport.batches).toHaveLength(2);
    expect(await client.stats()).toMatchObject({ acknowledged: 1, quarantined: 0 });
  });

  test("an event that was refused after an unsure attempt is quarantined, not rejected", async () => {
    const { client, clock, transport } = engineRig({
      receiver: { dedup: false },
      delivery: { ambiguity: "resend" },
    });
    transport.failNext(unsure);
    transport.failNext({ state: "rejected", reason: "no such meter" });
    const receipt = client.record(usage());
    await clock.advance(5_000);
    expect(await receipt.settled).toMatchObject({ state: "quarantined" });
  });

  test("also when the second attempt comes in the same millisecond", async () => {
    const { client, clock, transport } = engineRig({
      receiver: { dedup: false },
      delivery: { ambiguity: "resend", lingerMs: 0 },
    });
    transport.failNext(unsure);
    transport.failNext({ state: "rejected", reason: "no such meter" });
    const receipt = client.record(usage());
    await clock.settle();
    client.retryNow();
    await clock.settle();
    expect(transport.batches).toHaveLength(2);
    expect(await receipt.settled).toMatchObject({ state: "quarantined" });
  });

  test.each([
    ["throws", async () => Promise.reject(new Error("boom"))],
    ["answers too few outcomes", async () => ({ outcomes: [] })],
  ])("a transport that %s leaves the event unsure", async (_, send) => {
    const { client, clock } = engineRig({ transport: { name: "broken", send } });
    const receipt = client.record(usage());
    await clock.advance(5_000);
    expect(await receipt.settled).toMatchObject({ state: "quarantined" });
  });

  test("a transport that throws at once leaves the event unsure", async () => {
    const { client, clock } = engineRig({
      transport: {
        name: "broken",
        send: () => {
          throw new Error("boom");
        },
      },
    });
    const receipt = client.record(usage());
    await clock.advance(5_000);
    expect(await receipt.settled).toMatchObject({ state: "quarantined" });
  });

  test("a transport that ignores its signal is not waited for", async () => {
    const { client, clock } = engineRig({
      timeoutMs: 2_000,
      transport: { name: "deaf", send: () => new Promise(() => {}) },
    });
    const receipt = client.record(usage());
    await clock.advance(5_000);
    expect(await receipt.settled).toMatchObject({
      state: "quarantined",
      reason: expect.stringContaining("no response within 2000 ms"),
    });
  });

  test("an answer that comes after the time is not listened to", async () => {
    const late = Promise.withResolvers<{ outcomes: readonly { state: "acknowledged" }[] }>();
    const { client, clock } = engineRig({
      timeoutMs: 2_000,
      transport: { name: "late", send: () => late.promise },
    });
    const receipt = client.record(usage());
    await clock.advance(5_000);
    late.resolve({ outcomes: [{ state: "acknowledged" }] });
    await clock.settle();
    expect(await receipt.settled).toMatchObject({ state: "quarantined" });
    const stats = await client.stats();
    expect(stats).toMatchObject({ quarantined: 1, acknowledged: 0 });
    expect(stats).toBalance();
  });
});
