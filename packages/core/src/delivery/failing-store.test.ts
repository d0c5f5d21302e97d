import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqliteOutbox } from "../../../outbox-sqlite/src/index.ts";
import type { OutboxChanges } from "../log/outbox/outbox.ts";
import "../../../testing/src/matchers.ts";
import { engineRig, recordMany, usage } from "../../test/engine-rig.ts";
import { wrapOutbox } from "../../test/wrap-outbox.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meter-store-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The sqlite outbox, which fails while `broken` says so. */
const breakable = () => {
  const inner = sqliteOutbox({ path: join(folder, "outbox.db"), thread: "main" });
  const state: { broken: boolean | ((changes: OutboxChanges) => boolean) } = { broken: false };
  const guard = <Answer>(call: () => Answer): Answer => {
    if (state.broken === true) throw new Error("disk I/O error");
    return call();
  };
  const outbox = wrapOutbox(inner, {
    open: () => guard(() => inner.open()),
    commit: (changes) => {
      if (typeof state.broken === "function" && state.broken(changes)) throw new Error("disk I/O error");
      return guard(() => inner.commit(changes));
    },
    claim: (request) => guard(() => inner.claim(request)),
    redrive: (selection) => guard(() => inner.redrive(selection)),
    discard: (selection, reason) => guard(() => inner.discard(selection, reason)),
    claimSessions: () => guard(() => inner.claimSessions()),
  });
  return { inner, outbox, state };
};

/** Without an id of its own: it cannot be a repeat. */
const fresh = () => {
  const { event_id: _, ...event } = usage();
  return event;
};

describe("while the store fails", () => {
  test("events go on in memory, visibly, and are delivered; the store takes over again when it works", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox });
    const told: string[] = [];
    client.on("volatile", () => told.push("volatile"));
    client.on("durable", () => told.push("durable"));
    expect(await client.record(usage()).durable).toEqual({ ok: true });
    state.broken = true;
    expect(await client.record(usage()).durable).toEqual({ ok: false, reason: "volatile" });
    await clock.advance(3_000);
    expect(told).toEqual(["volatile"]);
    state.broken = false;
    await clock.advance(60_000);
    expect(told).toEqual(["volatile", "durable"]);
    expect(await client.record(usage()).durable).toEqual({ ok: true });
    await clock.advance(3_000);
    expect(transport).toHaveAcknowledged(3);
    expect(transport).toHaveCountedOnce();
    const stats = await client.stats();
    expect(stats).toMatchObject({ recorded: 3, acknowledged: 3, pending: 0 });
    expect(stats).toBalance();
    await client.close();
  });

  test("an acknowledgement that could not be stored is stored later: nothing is sent twice by this process", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox });
    const goOn = transport.pause();
    recordMany(client, 3);
    await clock.advance(1_000);
    expect(transport.batches).toHaveLength(1);
    state.broken = true;
    goOn();
    await clock.advance(20_000);
    state.broken = false;
    await clock.advance(60_000);
    expect(transport.batches).toHaveLength(1);
    expect(await client.stats()).toMatchObject({ acknowledged: 3, pending: 0 });
    await client.close();
  });

  test("what was in memory only when the client closed is lost, and both account and receipt say so", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox });
    await client.record(usage()).durable;
    state.broken = true;
    transport.pause();
    const receipt = client.record(usage());
    expect(await receipt.durable).toEqual({ ok: false, reason: "volatile" });
    const settled = receipt.settled;
    for (let i = 0; i < 9; i++) transport.failNext({ kind: "unavailable", reason: "down" });
    const closing = client.close({ timeoutMs: 0 });
    await clock.advance(100);
    state.broken = false;
    await clock.advance(60_000);
    expect(await closing).toMatchObject({ persisted: 1, lost: 1 });
    expect(await settled).toEqual({ state: "lost" });
  });

  test("events of a parked tenant that are in memory only are delivered when its customer is known", async () => {
    const { outbox, state } = breakable();
    let known = false;
    const { client, clock, transport } = engineRig({
      outbox,
      customerLookup: {
        lookup: async () => (known ? { state: "found", customer_id: "c" } : { state: "unknown" }),
      },
    });
    await clock.settle();
    state.broken = true;
    recordMany(client, 3);
    await clock.advance(5_000);
    state.broken = false;
    await clock.advance(120_000);
    known = true;
    await clock.advance(600_000);
    expect(transport).toHaveAcknowledged(3);
    const stats = await client.stats();
    expect(stats).toMatchObject({ pending: 0, acknowledged: 3 });
    expect(stats).toBalance();
    await client.close();
  });

  test("a redriven event that is in memory only leaves again", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox, receiver: { dedup: false } });
    await clock.settle();
    state.broken = true;
    transport.failNext({ state: "unsure", reason: "lost" });
    client.record(fresh());
    await clock.advance(3_000);
    state.broken = false;
    await clock.advance(60_000);
    expect(await client.stats()).toMatchObject({ quarantined: 1 });
    expect(await client.redrive({ state: "quarantined" })).toBe(1);
    await clock.advance(10_000);
    expect(await client.stats()).toMatchObject({ quarantined: 0, acknowledged: 1, pending: 0 });
    await client.close();
  });
});

describe("an event that may be a repeat, while the store fails", () => {
  test("is refused where the receiver would count it twice; recorded again later, it is a repeat", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox, receiver: { dedup: false } });
    const [first, other] = [usage(), usage()];
    client.record(first);
    await clock.advance(3_000);
    state.broken = true;
    const refused: unknown[] = [];
    client.on("refused", ({ error }) => refused.push(error.code));
    for (const event of [first, other]) {
      expect(await client.record(event).durable).toMatchObject({
        ok: false,
        reason: "refused",
        error: { code: "outbox_failed", message: expect.stringContaining(`"${event.event_id}"`) },
      });
    }
    expect(refused).toEqual(["outbox_failed", "outbox_failed"]);
    expect(await client.record(fresh()).durable, "an id made here is new").toMatchObject({
      reason: "volatile",
    });
    await clock.advance(3_000);
    state.broken = false;
    await clock.advance(60_000);
    expect(await client.record(first).durable).toEqual({ ok: true, repeat: true });
    expect(await client.record(other).durable).toEqual({ ok: true });
    await clock.advance(3_000);
    expect(transport.events).toHaveLength(3);
    const stats = await client.stats();
    expect(stats).toMatchObject({ recorded: 3, acknowledged: 3, pending: 0 });
    expect(stats).toBalance();
    await client.close();
  });

  test("goes on in memory where the receiver knows it; it is counted once", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox });
    const event = usage();
    client.record(event);
    await clock.advance(3_000);
    state.broken = true;
    expect(await client.record(event).durable).toMatchObject({ ok: false, reason: "volatile" });
    await clock.advance(3_000);
    expect(transport).toHaveCountedOnce();
    await client.close({ timeoutMs: 0 });
  });

  test.each(["before", "after"])(
    "is known %s its first was delivered, when that one is in memory and the store works again",
    async (moment) => {
      const { outbox, state } = breakable();
      const { client, clock, transport } = engineRig({ outbox, receiver: { dedup: false } });
      await clock.settle();
      state.broken = true;
      if (moment === "before") {
        transport.failNext({ kind: "unavailable", reason: "down", retryAfterMs: 90_000 });
      }
      const { event_id, durable } = client.record({ ...fresh(), event_time: clock.now() });
      const event = { ...fresh(), event_id, event_time: clock.now() };
      expect(await durable).toMatchObject({ reason: "volatile" });
      await clock.advance(3_000);
      state.broken = false;
      await clock.advance(60_000);
      expect(await client.record(event).durable).toEqual({ ok: true, repeat: true });
      const other = await client.record({ ...event, total_usage: 2 }).durable;
      // Once its content has gone, an id that was made here is a repeat whatever comes with it.
      if (moment === "before") expect(other).toMatchObject({ error: { code: "id_conflict" } });
      else expect(other).toEqual({ ok: true, repeat: true });
      await clock.advance(180_000);
      expect(transport.events).toHaveLength(1);
      expect(await client.stats()).toBalance();
      await client.close();
    },
  );
});

describe("a session, while the store fails", () => {
  const chat = { tenant_id: "tenant-a", device_id: "device-1", meter_id: "chat.on.time_hours" } as const;

  test.each([false as const, { windowMs: 1_000_000 }])(
    "started: both boundaries are counted (dedup %j)",
    async (dedup) => {
      const { outbox, state } = breakable();
      const { client, clock, transport } = engineRig({ outbox, receiver: { dedup } });
      await clock.settle();
      state.broken = true;
      const opening = client.startSession(chat);
      await clock.advance(1_000);
      const session = await opening;
      expect(session.started).toMatchObject({ ok: true });
      state.broken = false;
      await clock.advance(60_000);
      const end_time = clock.now();
      expect(await session.end()).toMatchObject({ ok: true });
      await clock.advance(60_000);
      expect(transport.events).toMatchObject([
        { session_id: session.session_id, end_time: undefined },
        { session_id: session.session_id, end_time },
      ]);
      await client.close();
    },
  );

  test.each([
    { when: "before it is left", refuses: () => true },
    {
      when: "between leaving and recording the end",
      refuses: ({ append }: OutboxChanges) => append.length > 0,
    },
    {
      when: "after the end is recorded",
      refuses: ({ sessions }: OutboxChanges) => sessions.some(({ change }) => change === "finish"),
    },
  ])(
    "ended, the store failing $when: it is ended later, once, at the time of the call",
    async ({ refuses }) => {
      const { outbox, state } = breakable();
      const { client, clock, transport } = engineRig({ outbox, receiver: { dedup: false } });
      const session = await client.startSession(chat);
      await clock.advance(5_000);
      const end_time = clock.now();
      state.broken = refuses;
      const ending = session.end();
      await clock.advance(10_000);
      expect(await ending).toMatchObject({ ok: false, error: { code: "outbox_failed" } });
      state.broken = false;
      await clock.advance(120_000);
      expect(transport.events.map((event) => event.end_time)).toEqual([undefined, end_time]);
      expect(await client.stats()).toMatchObject({ recorded: 2, acknowledged: 2 });
      expect(await outbox.claimSessions()).toEqual([]);
      await client.close();
    },
  );

  test.each([
    { when: "between leaving and recording the end", dies: ({ append }: OutboxChanges) => append.length > 0 },
    {
      when: "after the end is recorded",
      dies: ({ sessions }: OutboxChanges) => sessions.some(({ change }) => change === "finish"),
    },
  ])("of a process that ends $when: another ends it, once, when it was left", async ({ dies }) => {
    const { inner, outbox, state } = breakable();
    const { client, clock } = engineRig({ outbox });
    const session = await client.startSession({ ...chat, metadata: { room: "blue" } });
    await clock.advance(5_000);
    const end_time = clock.now();
    state.broken = (changes) => {
      if (!dies(changes)) return false;
      state.broken = true;
      return true;
    };
    void session.end();
    await clock.advance(1_000);
    expect(state.broken).toBe(true);
    await inner.close();

    const next = engineRig({ outbox: sqliteOutbox({ path: join(folder, "outbox.db"), thread: "main" }) });
    const refused: unknown[] = [];
    next.client.on("refused", (refusal) => refused.push(refusal));
    await next.clock.advance(60_000);
    expect(refused).toEqual([]);
    const { tenant_id, event_id } = next.transport.events.at(-1) ?? {};
    expect(next.transport.events.filter((event) => event.end_time !== undefined)).toMatchObject([
      { tenant_id, event_id, end_time, session_id: session.session_id, metadata: { room: "blue" } },
    ]);
    expect(await next.client.stats()).toMatchObject({ recorded: 2, acknowledged: 2 });
    await next.client.close();
  });
});
