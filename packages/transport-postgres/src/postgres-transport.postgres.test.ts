import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { MeterClient } from "@meter-lib/core";
import type { OutgoingEvent, SendAnswer, Transport } from "@meter-lib/core/transport";
import { transportConformance } from "@meter-lib/testing";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { querySql } from "../../outbox-postgres/test/postgres-server.ts";
import { sampleOutgoing } from "../../testing/src/transport/sample-outgoing.ts";
import { usagePlace } from "../test/usage-place.ts";
import { postgresTransport } from "./postgres-transport.ts";

/** Passes on to the server, as long as it is to. */
const gateway = async (to: number) => {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("data", (data) => {
        if (!isSilent) other.write(data);
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server on TCP has a port");
  return {
    port: address.port,
    fallSilent: () => {
      isSilent = true;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};

transportConformance({
  name: "postgresTransport",
  create: async () => {
    const place = await usagePlace();
    const url = new URL(inject("postgresUrl"));
    const gate = await gateway(Number(url.port));
    url.port = String(gate.port);
    const pool = new pg.Pool({ connectionString: url.href });
    pool.on("error", () => {});
    // One that is open already, when the gate falls silent.
    (await pool.connect()).release();
    return {
      transport: postgresTransport({ pool, schema: place.schema }),
      counted: async () => {
        const rows = await place.query("SELECT tenant_id, event_id FROM usage_events");
        return rows.map(({ tenant_id, event_id }) => `${tenant_id} ${event_id}`);
      },
      goAway: gate.close,
      fallSilent: gate.fallSilent,
      dispose: async () => {
        gate.close();
        await pool.end();
        await place.dispose();
      },
    };
  },
});

const send = (transport: Transport, events: readonly OutgoingEvent[]): Promise<SendAnswer> =>
  transport.send({ events }, { signal: AbortSignal.timeout(60_000), deadline: Date.now() + 60_000 });

test("all of an event is stored; one that the table has is a duplicate, and stays as it is", async () => {
  await using place = await usagePlace();
  const transport = postgresTransport({ pool: place.pool, schema: place.schema });
  const [event] = sampleOutgoing(1, {
    start_time: 1_768_473_000_123,
    end_time: 1_768_480_200_000,
    session_id: "session-1",
    metadata: { text: 'a"\\ {租户}, NULL', empty: "" },
  });
  const [other] = sampleOutgoing(1);
  if (event === undefined || other === undefined) throw new Error("no samples");
  expect(await send(transport, [event])).toEqual({ every: { state: "acknowledged" } });
  expect(await send(transport, [other, { ...event, total_usage: 99 }])).toEqual({
    outcomes: [{ state: "acknowledged" }, { state: "acknowledged", duplicate: true }],
  });
  expect(await place.query("SELECT * FROM usage_events WHERE session_id IS NOT NULL")).toMatchObject([
    {
      tenant_id: "tenant-1",
      event_id: event.event_id,
      customer_id: "customer-1",
      device_id: "device-1",
      meter_id: "page.processed.basic",
      hour_ms: "1768478400000",
      event_time: new Date(1_768_473_000_000),
      total_usage: "3",
      start_time: new Date(1_768_473_000_123),
      end_time: new Date(1_768_480_200_000),
      metadata: event.metadata,
    },
  ]);
});

test("the view adds up by customer, meter and hour; a session counts where it ends", async () => {
  await using place = await usagePlace();
  const transport = postgresTransport({ pool: place.pool, schema: place.schema });
  const hour = 1_768_471_200_000;
  const boundary = { meter_id: "chat.on.time_hours", total_usage: undefined, session_id: "session-1" };
  await send(transport, [
    ...sampleOutgoing(2, { event_time: hour }),
    ...sampleOutgoing(1, { event_time: hour + 3_599_999, total_usage: Number.MAX_SAFE_INTEGER }),
    ...sampleOutgoing(1, { event_time: hour + 3_600_000, customer_id: "customer-2", tenant_id: "tenant-2" }),
    ...sampleOutgoing(1, { ...boundary, event_time: hour, start_time: hour + 1_000 }),
    ...sampleOutgoing(1, { ...boundary, event_time: hour, end_time: hour + 3_605_000 }),
  ]);
  const rows = await place.query(
    "SELECT customer_id, meter_id, hour_ms, events, total_usage, duration_ms FROM usage_by_hour ORDER BY customer_id, meter_id, hour",
  );
  expect(rows.map((row) => Object.values(row))).toEqual([
    ["customer-1", "chat.on.time_hours", String(hour), "1", null, null],
    ["customer-1", "chat.on.time_hours", String(hour + 3_600_000), "1", null, "3604000"],
    ["customer-1", "page.processed.basic", String(hour), "3", "9007199254740997", null],
    ["customer-2", "page.processed.basic", String(hour + 3_600_000), "1", "3", null],
  ]);
});

test("what the table's owner refuses is the fault of that event alone", async () => {
  await using place = await usagePlace();
  await place.query("ALTER TABLE usage_events ADD CHECK (total_usage < 100)");
  await using client = new MeterClient({
    transport: postgresTransport({ pool: place.pool, schema: place.schema }),
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
    delivery: { lingerMs: 0 },
  });
  for (const total_usage of [1, 2, 300, 4])
    client.record({ tenant_id: "t", device_id: "d", meter_id: "page.processed.basic", total_usage });
  await client.flush();
  expect(await client.stats()).toMatchObject({ acknowledged: 3, rejected: 1 });
  expect(await client.list({ state: "rejected" })).toMatchObject([
    { event: { total_usage: 300 }, reason: expect.stringContaining("violates check constraint") },
  ]);
  expect(await place.query("SELECT sum(total_usage)::int AS sum FROM usage_events")).toEqual([{ sum: 7 }]);
});

test("what a person has to do something about blocks, and says what", async () => {
  await using place = await usagePlace();
  const url = inject("postgresUrl");
  const role = `reader_${process.pid}`;
  await querySql(url, `CREATE ROLE ${role} LOGIN`);
  const answerOf = async (config: pg.PoolConfig, schema = place.schema) => {
    const pool = new pg.Pool({ connectionString: url, ...config });
    try {
      return (await send(postgresTransport({ pool, schema }), sampleOutgoing(1))).fault;
    } finally {
      await pool.end();
    }
  };
  const blocked = (reason: string) => ({ kind: "blocked", reason: expect.stringContaining(reason) });
  expect(await answerOf({}, "nowhere")).toMatchObject(
    blocked("the table is missing or of another version: run migrateUsage()"),
  );
  expect(await answerOf({ connectionString: url.replace("postgres@", `${role}@`) })).toMatchObject(
    blocked("grant it USAGE on the schema, and SELECT and INSERT on usage_events"),
  );
  expect(await answerOf({ options: "-c default_transaction_read_only=on" })).toMatchObject(
    blocked("connect to the primary, not to a replica"),
  );
  expect(await answerOf({ ssl: true })).toMatchObject(blocked("The server does not support SSL connections"));
  expect(await answerOf({ connectionString: url.replace(/postgres$/, "nowhere") })).toMatchObject(
    blocked("the database does not exist"),
  );
  expect(await answerOf({ connectionString: "postgres://127.0.0.1:1/postgres" })).toMatchObject({
    kind: "unavailable",
    reason: expect.stringContaining("no connection: "),
  });
});

test("a statement that the server cancels was not written; after the end of its connection nobody knows", async () => {
  await using place = await usagePlace();
  const holder = await place.pool.connect();
  await holder.query(`BEGIN; LOCK TABLE "${place.schema}".usage_events`);
  const outcomeOf = async (end: "pg_cancel_backend" | "pg_terminate_backend") => {
    const sending = send(postgresTransport({ pool: place.pool, schema: place.schema }), sampleOutgoing(1));
    await expect
      .poll(() =>
        place.query(
          `SELECT ${end}(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${place.schema}%usage_events%' AND pid <> pg_backend_pid()`,
        ),
      )
      .toHaveLength(1);
    return sending;
  };
  expect(await outcomeOf("pg_cancel_backend")).toMatchObject({ fault: { kind: "unavailable" } });
  expect(await outcomeOf("pg_terminate_backend")).toMatchObject({ every: { state: "unsure" } });
  await holder.query("ROLLBACK");
  holder.release();
});

test("a pool without a free connection sends nothing", async () => {
  await using place = await usagePlace();
  const pool = new pg.Pool({ connectionString: inject("postgresUrl"), max: 1 });
  const busy = await pool.connect();
  const answer = await postgresTransport({ pool, schema: place.schema }).send(
    { events: sampleOutgoing(1) },
    { signal: AbortSignal.timeout(50), deadline: Date.now() + 50 },
  );
  expect(answer).toMatchObject({
    fault: { kind: "unavailable", reason: expect.stringContaining("no connection of the pool came free") },
  });
  busy.release();
  // What came too late went back.
  await expect.poll(() => pool.idleCount).toBe(1);
  await pool.end();
});

test("options that make no sense are named", async () => {
  await using place = await usagePlace();
  expect(() =>
    postgresTransport({ pool: place.pool, schema: "x".repeat(64), dedup: { windowMs: 0 } }),
  ).toThrow(/schema: .*; dedup\.windowMs: expected milliseconds, an integer ≥ 1, got 0/);
});
