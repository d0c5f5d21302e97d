import { describe, expect, test, vi } from "vitest";
import { MeterClient, memoryOutbox, memoryTransport, type SendResult } from "../index.ts";

const NOW = 1_759_791_552_000;
const found = { lookup: async () => ({ state: "found" as const, customer_id: "cust_001" }) };
const ids = { tenant_id: "tenant_123", device_id: "us-east-ing1" };

const setUp = () => {
  const transport = memoryTransport();
  let now = NOW;
  const clock = { now: () => now, schedule: () => () => {} };
  const client = new MeterClient({ transport, customerLookup: found, clock, defaults: ids });
  return { transport, client, pass: (ms: number) => (now += ms) };
};

describe("startSession()", () => {
  test("posts the start, then the end; both carry one session id", async () => {
    const { transport, client, pass } = setUp();
    const session = await client.startSession({ meter_id: "chat.on.time_hours" });
    expect(session.started).toMatchObject({ ok: true });
    pass(60_000);
    expect(await session.end()).toMatchObject({ ok: true });
    const [start, end] = transport.events;
    expect(start).toMatchObject({ start_time: NOW, end_time: undefined, session_id: session.session_id });
    expect(end).toMatchObject({
      start_time: undefined,
      end_time: NOW + 60_000,
      session_id: session.session_id,
    });
    expect(start?.event_id).not.toBe(end?.event_id);
  });

  test("ends once, at the time of the first call", async () => {
    const { transport, client, pass } = setUp();
    const session = await client.startSession({ meter_id: "chat.on.time_hours" });
    pass(1_000);
    const first = session.end();
    pass(1_000);
    expect(session.end()).toBe(first);
    await first;
    expect(transport.events.filter(({ end_time }) => end_time !== undefined)).toMatchObject([
      { end_time: NOW + 1_000 },
    ]);
  });

  test("`await using` ends it", async () => {
    const { transport, client } = setUp();
    {
      await using _session = await client.startSession({ meter_id: "chat.on.time_hours" });
    }
    expect(transport.events).toHaveLength(2);
  });

  test("a start that did not get through goes again before the end, under its own id", async () => {
    const { transport, client } = setUp();
    transport.failNext({ kind: "unavailable", reason: "down" });
    const session = await client.startSession({ meter_id: "chat.on.time_hours" });
    expect(session.started).toMatchObject({ ok: false, error: { code: "unreachable" } });
    expect(await session.end()).toMatchObject({ ok: true });
    expect(transport.events.map(({ event_id }) => event_id)[0]).toBe(
      transport.batches[0]?.events[0]?.event_id,
    );
    expect(transport.events).toHaveLength(2);
  });

  test("a clock that goes back makes no end before its start", async () => {
    const { transport, client, pass } = setUp();
    const session = await client.startSession({ meter_id: "chat.on.time_hours" });
    pass(-5_000);
    expect(await session.end()).toMatchObject({ ok: true });
    expect(transport.events[1]).toMatchObject({ end_time: NOW });
  });

  test("a wrong meter is an answer, not a throw", async () => {
    const { transport, client } = setUp();
    const session = await Reflect.apply(client.startSession, client, [{ meter_id: "page.processed.basic" }]);
    expect(session.started).toMatchObject({ ok: false, error: { code: "invalid_event" } });
    expect(await session.end()).toMatchObject({ ok: false });
    expect(transport.batches).toEqual([]);
  });

  test("with an outbox, sessions of one device are one session; the last to leave ends it", async () => {
    const transport = memoryTransport();
    const client = new MeterClient({
      transport,
      customerLookup: found,
      outbox: memoryOutbox(),
      defaults: ids,
    });
    const [one, two] = await Promise.all([
      client.startSession({ meter_id: "chat.on.time_hours" }),
      client.startSession({ meter_id: "chat.on.time_hours" }),
    ]);
    const own = await client.startSession({ meter_id: "chat.on.time_hours" }, { scope: "process" });
    expect(one.session_id).toBe(two.session_id);
    expect(own.session_id).not.toBe(one.session_id);
    await one.end();
    await client.flush();
    expect(transport.events.map(({ session_id }) => session_id).sort()).toEqual(
      [one.session_id, own.session_id].sort(),
    );
    await two.end();
    await own.end();
    await client.flush();
    expect(transport.events.filter(({ end_time }) => end_time !== undefined)).toHaveLength(2);
    const again = await client.startSession({ meter_id: "chat.on.time_hours" });
    expect(again.session_id).not.toBe(one.session_id);
    await again.end();
    await client.close();
  });

  test("who joins while the last one leaves goes on with the session", async () => {
    const transport = memoryTransport();
    await using client = new MeterClient({
      transport,
      customerLookup: found,
      outbox: memoryOutbox(),
      defaults: ids,
    });
    const one = await client.startSession({ meter_id: "chat.on.time_hours" });
    const joining = client.startSession({ meter_id: "chat.on.time_hours" });
    await one.end();
    const two = await joining;
    await client.flush();

    expect(two.session_id).toBe(one.session_id);
    expect(transport.events.filter(({ end_time }) => end_time !== undefined)).toEqual([]);
    await two.end();
    await client.flush();
    expect(transport.events.filter(({ end_time }) => end_time !== undefined)).toHaveLength(1);
  });
});

describe("time()", () => {
  test("answers what the work answers, and sends both times", async () => {
    const { transport, client, pass } = setUp();
    const metered: SendResult[] = [];
    const answer = await client.time({ meter_id: "chat.query.time_secs" }, () => pass(4_500) && "answer", {
      onMetered: (result) => metered.push(result),
    });
    expect(answer).toBe("answer");
    expect(transport.events).toMatchObject([{ start_time: NOW, end_time: NOW + 4_500 }]);
    expect(metered).toMatchObject([{ ok: true }]);
  });

  test("throws what the work throws, and meters the time all the same", async () => {
    const { transport, client } = setUp();
    const failing = client.time({ meter_id: "chat.query.time_secs" }, () =>
      Promise.reject(new Error("model down")),
    );
    await expect(failing).rejects.toThrow("model down");
    expect(transport.events).toHaveLength(1);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("broken hook");
      },
    ],
    ["rejects", async () => Promise.reject(new Error("broken hook"))],
  ])("a backend that is down, and a hook that %s, do not touch the work", async (_, fail) => {
    const { transport, client } = setUp();
    transport.failNext({ kind: "unavailable", reason: "down" });
    const onMetered = vi.fn(fail);
    expect(await client.time({ meter_id: "chat.query.time_secs" }, () => 42, { onMetered })).toBe(42);
    expect(onMetered).toHaveBeenCalledWith(expect.objectContaining({ ok: false }));
  });
});
