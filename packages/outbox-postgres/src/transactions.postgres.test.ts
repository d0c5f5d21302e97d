import { isMeterError, MeterClient, memoryTransport } from "@meter-lib/core";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { drizzle as drizzleOverPostgresJs } from "drizzle-orm/postgres-js";
import { Kysely, sql as kyselySql, PostgresDialect } from "kysely";
import pg from "pg";
import postgres from "postgres";
import { describe, expect, inject, test } from "vitest";
import { querySql } from "../test/postgres-server.ts";
import { connectTo, schemaPlace } from "../test/schema-place.ts";
import { postgresOutbox } from "./postgres-outbox.ts";
import type { PostgresOutboxOptions } from "./postgres-outbox-options.ts";
import { postgresRecorder } from "./postgres-recorder.ts";
import { drizzleTransaction, kyselyTransaction, postgresJsTransaction } from "./transactions-of-others.ts";

const EVENT = {
  tenant_id: "tenant_1",
  device_id: "api",
  meter_id: "page.processed.basic",
  total_usage: 3,
} as const;

const ORDERS = "CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY)";
let orders = 0;
const newOrder = (): string => `order-${process.pid}-${orders++}`;

/** A client over an outbox of its own, and a connection of the application. */
const setUp = async (options: Partial<PostgresOutboxOptions> = {}) => {
  const url = inject("postgresUrl");
  const place = await schemaPlace();
  await querySql(url, ORDERS);
  const transport = memoryTransport();
  const open = (): MeterClient =>
    new MeterClient({
      transport,
      customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
      outbox: postgresOutbox({ client: () => new pg.Client(url), schema: place.schema, ...options }),
      delivery: { lingerMs: 0 },
    });
  const client = open();
  const clients = [client];
  const tx = await connectTo(url);
  return {
    url,
    schema: place.schema,
    client,
    tx,
    transport,
    sentIds: () => transport.events.map(({ event_id }) => event_id),
    another: () => {
      const other = open();
      clients.push(other);
      return other;
    },
    hasOrder: async (id: string) =>
      (await querySql(url, "SELECT FROM orders WHERE id = $1", [id])).length === 1,
    [Symbol.asyncDispose]: async () => {
      await tx.end();
      for (const each of clients) await each.close();
      await place.dispose();
    },
  };
};

test("an event is sent after the commit of its transaction, and not before", async () => {
  await using at = await setUp();
  const { client, tx } = at;
  await tx.query("BEGIN");
  const receipt = await client.record(EVENT, { tx });
  await client.flush();
  expect(at.sentIds()).toEqual([]);
  expect(await client.stats()).toMatchObject({ recorded: 0 });
  await tx.query("COMMIT");
  expect(await receipt.durable).toEqual({ ok: true });
  expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
  expect(receipt.fate).toMatchObject({ state: "acknowledged" });
  expect(at.sentIds()).toEqual([receipt.event_id]);
  expect(await client.stats()).toMatchObject({ recorded: 1, acknowledged: 1, pending: 0 });
});

test("a rollback takes the event along, and its receipt says so", async () => {
  await using at = await setUp();
  const { client, tx } = at;
  await tx.query("BEGIN");
  const receipt = await client.record(EVENT, { tx });
  await tx.query("ROLLBACK");
  expect(await receipt.durable).toMatchObject({ ok: false, reason: "refused", error: { code: "aborted" } });
  expect(await receipt.settled).toMatchObject({ state: "refused", error: { code: "aborted" } });
  expect(await client.flush()).toBe(true);
  expect(await client.stats()).toMatchObject({ recorded: 0 });
});

test("an event that cannot be billed fails the transaction that it belongs to", async () => {
  await using at = await setUp();
  const { client, tx } = at;
  const id = newOrder();
  const billed = async () => {
    await tx.query("BEGIN");
    try {
      await tx.query("INSERT INTO orders VALUES ($1)", [id]);
      await client.record({ ...EVENT, tenant_id: "" }, { tx });
      await tx.query("COMMIT");
    } catch (error) {
      await tx.query("ROLLBACK");
      throw error;
    }
  };
  await expect(billed()).rejects.toMatchObject({ code: "invalid_event" });
  expect(await at.hasOrder(id)).toBe(false);
  expect((await client.stats()).refused).toEqual({ invalid_event: 1 });
});

test("several events are one statement: all of them, or none", async () => {
  await using at = await setUp();
  const { client, tx } = at;
  await tx.query("BEGIN");
  const receipts = await client.recordAll(
    [
      EVENT,
      { ...EVENT, tenant_id: "tenant_2" },
      { ...EVENT, metadata: { text: 'a\u0000"\\ 租户 \ud83d\ude00' } },
    ],
    { tx, lane: "backfill" },
  );
  await expect(client.recordAll([EVENT, { ...EVENT, tenant_id: "" }], { tx })).rejects.toMatchObject({
    code: "invalid_event",
  });
  await tx.query("COMMIT");
  await Promise.all(receipts.map(({ durable }) => durable));
  expect(await client.flush()).toBe(true);
  expect(at.sentIds().sort()).toEqual(receipts.map(({ event_id }) => event_id).sort());
  expect(at.transport.events.find(({ metadata }) => metadata !== undefined)?.metadata).toEqual({
    text: 'a\u0000"\\ 租户 \ud83d\ude00',
  });
});

test("an id that was recorded before is a repeat; with different content, a dead letter", async () => {
  await using at = await setUp();
  const { client, tx } = at;
  await tx.query("BEGIN");
  await client.record({ ...EVENT, event_id: "order-1" }, { tx });
  await tx.query("COMMIT");
  expect(await client.flush()).toBe(true);
  await tx.query("BEGIN");
  await client.record({ ...EVENT, event_id: "order-1" }, { tx });
  await client.record({ ...EVENT, event_id: "order-1", total_usage: 4 }, { tx });
  await client.record({ ...EVENT, event_id: "order-2" }, { tx });
  await client.record({ ...EVENT, event_id: "order-2" }, { tx });
  await tx.query("COMMIT");
  const warnings: string[] = [];
  client.on("warning", ({ message }) => warnings.push(message));
  expect(await client.flush()).toBe(true);
  expect(at.sentIds()).toEqual(["order-1", "order-2"]);
  expect(await client.stats()).toMatchObject({ recorded: 3, acknowledged: 2, rejected: 1, pending: 0 });
  expect(await client.list()).toMatchObject([
    {
      state: "rejected",
      event: { event_id: "order-1", total_usage: 4 },
      reason: expect.stringContaining("different content"),
    },
  ]);
  expect(warnings).toEqual([expect.stringContaining('"order-1"')]);
  // And a record() without a transaction knows them, too.
  expect(await client.record({ ...EVENT, event_id: "order-2" }).durable).toEqual({ ok: true, repeat: true });
});

test("what another process puts into a transaction is taken in by whoever delivers", async () => {
  await using at = await setUp();
  const other = at.another();
  await at.tx.query("BEGIN");
  const receipt = await other.record(EVENT, { tx: at.tx });
  await at.tx.query("COMMIT");
  await other.close();
  expect(await receipt.settled).toMatchObject({ state: expect.stringMatching("acknowledged|persisted") });
  await expect.poll(at.sentIds).toEqual([receipt.event_id]);
});

test("what finds no room waits beside the outbox", async () => {
  await using at = await setUp({ limits: { maxEvents: 2 } });
  const { client, tx } = at;
  const resume = at.transport.pause();
  await tx.query("BEGIN");
  await client.recordAll([EVENT, EVENT, EVENT, EVENT, EVENT], { tx });
  await tx.query("COMMIT");
  await expect.poll(async () => (await client.stats()).recorded).toBe(2);
  const [lag] = await querySql(
    at.url,
    `SELECT arrivals::int, oldest_s >= 0 AS has_age FROM "${at.schema}".lag`,
  );
  expect(lag).toEqual({ arrivals: 3, has_age: true });
  resume();
  await expect.poll(() => at.sentIds().length).toBe(5);
});

test("an arrival that is no event becomes a dead letter, and keeps nobody", async () => {
  await using at = await setUp();
  const insert = (row: unknown) =>
    querySql(at.url, `INSERT INTO "${at.schema}".arrivals (arrival) VALUES ($1)`, [JSON.stringify(row)]);
  await insert({ lane: "live", event: { tenant_id: "tenant_1", event_id: "by-hand", meter_id: "calls" } });
  await at.tx.query("BEGIN");
  const receipt = await at.client.record(EVENT, { tx: at.tx });
  await at.tx.query("COMMIT");
  await expect.poll(at.sentIds).toEqual([receipt.event_id]);
  expect(await at.client.list({ state: "rejected" })).toMatchObject([
    { event: { event_id: "by-hand", tenant_id: "tenant_1" }, reason: expect.stringContaining("damaged") },
  ]);
  await expect(insert(["no object"])).rejects.toThrow("check constraint");
});

test("two transactions do not wait for each other, whoever rings", async () => {
  await using at = await setUp();
  const second = await connectTo(at.url);
  await at.tx.query("BEGIN");
  await second.query("BEGIN");
  await second.query("SET LOCAL lock_timeout = '2s'");
  const one = await at.client.record({ ...EVENT, event_id: "same" }, { tx: at.tx });
  const two = await at.client.record({ ...EVENT, event_id: "same" }, { tx: second });
  await second.query("COMMIT");
  expect(await two.durable).toEqual({ ok: true });
  await at.tx.query("COMMIT");
  expect(await one.durable).toEqual({ ok: true });
  expect(await at.client.flush()).toBe(true);
  expect(at.sentIds()).toEqual(["same"]);
  await second.end();
});

test("after a failed statement nothing more is taken into a transaction", async () => {
  await using at = await setUp();
  const { client, tx } = at;
  await tx.query("BEGIN");
  await expect(tx.query("SELECT 1 / 0")).rejects.toThrow("division by zero");
  const error = await client.record(EVENT, { tx }).catch((caught: unknown) => caught);
  expect(isMeterError(error) && error.code).toBe("outbox_failed");
  expect(error).toMatchObject({ message: expect.stringContaining("current transaction is aborted") });
  await tx.query("ROLLBACK");
});

test("whoever begins the transaction again gets the error of the database", async () => {
  await using at = await setUp();
  for (const code of ["40001", "40P01", "P2034"]) {
    const again = Object.assign(new Error("could not serialize access"), { code });
    await expect(at.client.record(EVENT, { tx: { query: () => Promise.reject(again) } })).rejects.toBe(again);
  }
});

test("an outbox without transactions says so", async () => {
  await using at = await setUp();
  const client = new MeterClient({
    transport: memoryTransport(),
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
  });
  await expect(client.record(EVENT, { tx: at.tx })).rejects.toThrow(
    "tx: expected an outbox in the database of the transaction, such as postgresOutbox, got a client with the outbox memory",
  );
  await expect(at.client.record(EVENT, { tx: { query: async () => undefined } })).rejects.toMatchObject({
    code: "invalid_options",
  });
  // @ts-expect-error: postgres.js needs its adapter
  await expect(at.client.record(EVENT, { tx: {} })).rejects.toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining("tx: expected a transaction: a client of pg, or what an adapter makes"),
  });
});

test("what only records needs no outbox of its own, and who delivers takes it in", async () => {
  await using at = await setUp();
  const recorder = postgresRecorder({ schema: at.schema, defaults: { device_id: "function" } });
  const event = { tenant_id: "tenant_1", meter_id: "page.processed.basic", total_usage: 3 } as const;
  await at.tx.query("BEGIN");
  const ids = [
    await recorder.record({ ...event, event_id: "order-1" }, { tx: at.tx }),
    ...(await recorder.recordAll([{ ...event, event_id: "order-2" }, event], { tx: at.tx })),
  ];
  // @ts-expect-error: this meter reports an amount
  const mistake = recorder.record({ ...event, start_time: 1 }, { tx: at.tx });
  await expect(mistake).rejects.toMatchObject({
    code: "invalid_event",
    message: expect.stringContaining("start_time"),
  });
  await at.tx.query("COMMIT");
  await expect.poll(() => at.sentIds().length).toBe(3);
  expect(at.sentIds().sort()).toEqual([...ids].sort());
  expect(at.transport.events[0]).toMatchObject({ device_id: "function", total_usage: 3 });
  // A repeat is known by its content.
  await at.tx.query("BEGIN");
  await recorder.record({ ...event, event_id: "order-1", total_usage: 4 }, { tx: at.tx });
  await recorder.record({ ...event, event_id: "order-2" }, { tx: at.tx });
  await at.tx.query("COMMIT");
  await expect.poll(() => at.client.stats()).toMatchObject({ recorded: 4, acknowledged: 3, rejected: 1 });
  expect(() => postgresRecorder({ schema: "" })).toThrow("schema: expected the name of a schema");
});

test("an event in the statement that writes its row: recorded with the row, and once", async () => {
  await using at = await setUp();
  const recorder = postgresRecorder({ schema: at.schema });
  const [id, other] = [newOrder(), newOrder()];
  const insert = async (ids: readonly string[], arrival: string) => {
    const text = `INSERT INTO orders SELECT unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING "${at.schema}".arrive($2)`;
    await at.tx.query(text, [ids, arrival]);
  };
  // Without BEGIN and COMMIT: a statement is a transaction.
  await insert([id], recorder.arrival({ ...EVENT, event_id: id }));
  await expect.poll(at.sentIds).toEqual([id]);
  // No row, no event.
  await insert([id], recorder.arrival({ ...EVENT, event_id: "for-no-row" }));
  // Two rows, one event.
  await insert([other, newOrder()], recorder.arrival(EVENT, { lane: "backfill" }));
  await at.tx.query("BEGIN");
  await insert([newOrder()], recorder.arrival({ ...EVENT, event_id: "undone" }));
  await at.tx.query("ROLLBACK");
  expect(await at.client.flush()).toBe(true);
  expect(at.sentIds()).toHaveLength(2);
  expect(await at.client.stats()).toMatchObject({ recorded: 2, acknowledged: 2 });
  expect(() => recorder.arrival({ ...EVENT, tenant_id: "" })).toThrow("tenant_id: expected");
});

describe("libraries", () => {
  const libraries = {
    "a pool of pg": async (url: string) => {
      const pool = new pg.Pool({ connectionString: url });
      return {
        bill: async (id: string, client: MeterClient) => {
          const tx = await pool.connect();
          try {
            await tx.query("BEGIN");
            await tx.query("INSERT INTO orders VALUES ($1)", [id]);
            await client.record({ ...EVENT, event_id: id }, { tx });
            if (id.endsWith("undone")) throw new Error("undone");
            await tx.query("COMMIT");
          } catch (error) {
            await tx.query("ROLLBACK");
            throw error;
          } finally {
            tx.release();
          }
        },
        end: () => pool.end(),
      };
    },
    "postgres.js": async (url: string) => {
      const sql = postgres(url);
      return {
        bill: async (id: string, client: MeterClient) => {
          await sql.begin(async (tx) => {
            await tx`INSERT INTO orders VALUES (${id})`;
            await client.record({ ...EVENT, event_id: id }, { tx: postgresJsTransaction(tx) });
            if (id.endsWith("undone")) throw new Error("undone");
          });
        },
        end: () => sql.end(),
      };
    },
    Kysely: async (url: string) => {
      const db = new Kysely({
        dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }),
      });
      return {
        bill: async (id: string, client: MeterClient) => {
          await db.transaction().execute(async (trx) => {
            await kyselySql`INSERT INTO orders VALUES (${id})`.execute(trx);
            await client.record({ ...EVENT, event_id: id }, { tx: kyselyTransaction(trx) });
            if (id.endsWith("undone")) throw new Error("undone");
          });
        },
        end: () => db.destroy(),
      };
    },
    "Drizzle over pg": async (url: string) => {
      const pool = new pg.Pool({ connectionString: url });
      const db = drizzle(pool);
      return {
        bill: async (id: string, client: MeterClient) => {
          await db.transaction(async (tx) => {
            await tx.execute(drizzleSql`INSERT INTO orders VALUES (${id})`);
            await client.record({ ...EVENT, event_id: id }, { tx: drizzleTransaction(tx, drizzleSql) });
            if (id.endsWith("undone")) throw new Error("undone");
          });
        },
        end: () => pool.end(),
      };
    },
    "Drizzle over postgres.js": async (url: string) => {
      const sql = postgres(url);
      const db = drizzleOverPostgresJs(sql);
      return {
        bill: async (id: string, client: MeterClient) => {
          await db.transaction(async (tx) => {
            await tx.execute(drizzleSql`INSERT INTO orders VALUES (${id})`);
            await client.record({ ...EVENT, event_id: id }, { tx: drizzleTransaction(tx, drizzleSql) });
            if (id.endsWith("undone")) throw new Error("undone");
          });
        },
        end: () => sql.end(),
      };
    },
  };

  test.each(Object.entries(libraries))("%s: committed with the order, gone with it", async (_, make) => {
    await using at = await setUp();
    const { bill, end } = await make(at.url);
    const [kept, undone] = [newOrder(), `${newOrder()}-undone`];
    await bill(kept, at.client);
    await expect(bill(undone, at.client)).rejects.toThrow("undone");
    await expect.poll(at.sentIds).toEqual([kept]);
    expect(await at.client.flush()).toBe(true);
    expect([await at.hasOrder(kept), await at.hasOrder(undone)]).toEqual([true, false]);
    expect(await at.client.stats()).toMatchObject({ recorded: 1, acknowledged: 1 });
    await end();
  });
});
