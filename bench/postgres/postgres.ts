import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient, type Outbox, type Transport } from "@meter-lib/core";
import { migratePostgres, postgresOutbox, postgresRecorder } from "@meter-lib/outbox-postgres";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import pg from "pg";
import { querySql, startPostgres } from "../../packages/outbox-postgres/test/postgres-server.ts";
import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";
import { median, spread } from "../harness/statistics.ts";

const CLIENTS = [1, 16] as const;
const TRANSACTIONS = { 1: 60, 16: 320 } as const;
/** How often the kinds of transactions take turns in one round: the machine is not the same from one second to the next. */
const TURNS = 5;
const BATCH = 500;

/** A transaction on a connection of its own. */
type Bill = (tx: pg.PoolClient, id: string) => Promise<unknown>;

interface Kind {
  readonly name: string;
  readonly pool: pg.Pool;
  readonly bill: Bill;
  /** Places of what it is compared with. */
  readonly alone?: number;
  readonly byHand?: number;
}

/** What it costs to bill in a transaction, and how fast the events leave, beside a table and a relay made by hand. */
export const postgres: Measure = {
  name: "postgres",
  about:
    "usage recorded in a business transaction, and delivered from there, beside a hand-written outbox table",
  defaults: { rounds: 5, events: 50_000 },
  run: async ({ rounds, events }) => {
    const folder = mkdtempSync(join(tmpdir(), "meter-lib-bench-"));
    const server = await startPostgres({
      isSafe: true,
      settings: { shared_buffers: "256MB" },
    });
    const pool = new pg.Pool({ connectionString: server.url, max: 20 });
    // Statements leave before the answer to the one before came.
    const pipelined = new pg.Pool({ connectionString: server.url, max: 20, pipeline: true });
    try {
      await migratePostgres({ client: pool });
      await pool.query(
        "CREATE TABLE orders (id text PRIMARY KEY); CREATE TABLE by_hand (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event json NOT NULL)",
      );
      const transactions = await billed(pool, pipelined, rounds);
      const delivered = await deliveries(pool, folder, server.url, Math.min(rounds, 3), events);
      return { tables: [{ rows: transactions }, { rows: delivered }] };
    } finally {
      await pool.end();
      await pipelined.end();
      await server.remove();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

const billed = async (pool: pg.Pool, pipelined: pg.Pool, rounds: number): Promise<readonly Row[]> => {
  // Delivers nothing while transactions are timed: what it takes away would be its own time.
  const client = clientOver(postgresOutbox({ pool, limits: { maxEvents: 1 } }), BLOCKED);
  const order = (tx: pg.PoolClient, id: string) => tx.query("INSERT INTO orders VALUES ($1)", [id]);
  const oneByOne =
    (extra?: Bill): Bill =>
    async (tx, id) => {
      await tx.query("BEGIN");
      await order(tx, id);
      await extra?.(tx, id);
      await tx.query("COMMIT");
    };
  const together =
    (extra?: Bill): Bill =>
    async (tx, id) => {
      await Promise.all([tx.query("BEGIN"), order(tx, id), extra?.(tx, id)]);
      await tx.query("COMMIT");
    };
  const inOne =
    (text: string, event: (id: string) => string): Bill =>
    async (tx, id) => {
      await tx.query("BEGIN");
      await tx.query(text, [id, event(id)]);
      await tx.query("COMMIT");
    };
  const record: Bill = (tx, id) => client.record(eventOf(id), { tx });
  const asText = (id: string) => JSON.stringify(eventOf(id));
  const byHand: Bill = (tx, id) => tx.query("INSERT INTO by_hand (event) VALUES ($1)", [asText(id)]);
  const recorder = postgresRecorder();
  const kinds: readonly Kind[] = [
    { name: "its own row alone", pool, bill: oneByOne() },
    { name: "a statement that does nothing", pool, bill: oneByOne((tx) => tx.query("SELECT $1", [1])) },
    { name: "an insert into a table by hand", pool, bill: oneByOne(byHand) },
    { name: "record({ tx })", pool, bill: oneByOne(record), byHand: 2 },
    { name: "pipelined: its own row alone", pool: pipelined, bill: together() },
    { name: "pipelined: an insert into a table by hand", pool: pipelined, bill: together(byHand), alone: 4 },
    { name: "pipelined: record({ tx })", pool: pipelined, bill: together(record), alone: 4, byHand: 5 },
    {
      name: "in the row's statement: an insert by hand",
      pool,
      bill: inOne(
        "WITH event AS (INSERT INTO by_hand (event) VALUES ($2)) INSERT INTO orders VALUES ($1)",
        asText,
      ),
    },
    {
      name: "in the row's statement: arrive()",
      pool,
      bill: inOne("INSERT INTO orders VALUES ($1) RETURNING meter_lib.arrive($2)", (id) =>
        recorder.arrival(eventOf(id)),
      ),
      byHand: 7,
    },
  ];
  const rows: Row[] = [];
  let run = 0;
  for (const clients of CLIENTS) {
    const rates = kinds.map((): number[] => []);
    for (let turn = -1; turn < rounds * TURNS; turn++) {
      for (const [place, kind] of kinds.entries()) {
        const rate = await ratePerSecond(kind.pool, clients, `run${run++}`, kind.bill);
        if (turn >= 0) rates[place]?.push(rate);
      }
    }
    for (const [place, { name, alone = 0, byHand }] of kinds.entries()) {
      const taken = rates[place] ?? [];
      // Of readings next to each other.
      const beside = (other: number) =>
        median(taken.map((rate, i) => (rates[other]?.[i] ?? rate) / rate)).toFixed(2);
      rows.push({
        clients,
        "a transaction with": name,
        "transactions/s": Math.round(median(taken)),
        spread: spread(taken, 0),
        "time, × its own row": beside(alone),
        "time, × by hand": byHand === undefined ? "" : beside(byHand),
      });
    }
  }
  await client.close({ timeoutMs: 0 });
  return rows;
};

const ratePerSecond = async (
  pool: pg.Pool,
  clients: (typeof CLIENTS)[number],
  run: string,
  bill: Bill,
): Promise<number> => {
  const each = TRANSACTIONS[clients] / clients;
  const connections = await Promise.all(Array.from({ length: clients }, () => pool.connect()));
  const startedAt = performance.now();
  await Promise.all(
    connections.map(async (tx, client) => {
      for (let i = 0; i < each; i++) await bill(tx, `${run}-${client}-${i}`);
    }),
  );
  const ms = performance.now() - startedAt;
  for (const tx of connections) tx.release();
  return ((each * clients) / ms) * 1_000;
};

const deliveries = async (
  pool: pg.Pool,
  folder: string,
  url: string,
  rounds: number,
  events: number,
): Promise<readonly Row[]> => {
  const contestants: Readonly<Record<string, (round: number) => Promise<number>>> = {
    "from an SQLite file": (round) => fromSqlite(join(folder, `${round}.db`), events),
    "from arrivals in PostgreSQL": () => fromArrivals(pool, url, events),
    "from a table by hand, SKIP LOCKED, 500 at a time": () => fromTable(pool, events),
  };
  const rates = new Map(Object.keys(contestants).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const [name, take] of Object.entries(contestants)) rates.get(name)?.push(await take(round));
  const [sqlite = []] = rates.values();
  return [...rates].map(([name, taken]) => ({
    delivered: name,
    "events/s": Math.round(median(taken)),
    spread: spread(taken, 0),
    "× SQLite": median(taken.map((rate, i) => rate / (sqlite[i] ?? rate))).toFixed(2),
  }));
};

const fromSqlite = async (path: string, events: number): Promise<number> => {
  const limits = { maxEvents: 2 * events, maxBytes: 1e9 };
  const first = clientOver(sqliteOutbox({ path, limits }), BLOCKED);
  for (let i = 0; i < events; i++) {
    const { durable } = first.record(eventOf(`sqlite-${i}`));
    if (i % 2_000 === 1_999) await durable;
  }
  await first.close({ timeoutMs: 0 });
  return rateOfDraining(sqliteOutbox({ path, limits }), events);
};

const fromArrivals = async (pool: pg.Pool, url: string, events: number): Promise<number> => {
  await querySql(url, "TRUNCATE meter_lib.arrivals");
  const writer = clientOver(postgresOutbox({ pool, limits: { maxEvents: 1 } }), BLOCKED);
  const tx = await pool.connect();
  await tx.query("BEGIN");
  for (let from = 0; from < events; from += 1_000)
    await writer.recordAll(
      Array.from({ length: Math.min(1_000, events - from) }, (_, i) => eventOf(`arrival-${from + i}`)),
      { tx },
    );
  await writer.close({ timeoutMs: 0 });
  await tx.query("COMMIT");
  tx.release();
  return rateOfDraining(postgresOutbox({ pool }), events);
};

const fromTable = async (pool: pg.Pool, events: number): Promise<number> => {
  await pool.query("TRUNCATE by_hand");
  await pool.query("INSERT INTO by_hand (event) SELECT $1::json FROM generate_series(1, $2::int)", [
    JSON.stringify(eventOf("by-hand")),
    events,
  ]);
  const tx = await pool.connect();
  const startedAt = performance.now();
  for (let left = events; left > 0; ) {
    await tx.query("BEGIN");
    const { rows } = await tx.query<{ id: string }>(
      "SELECT id, event FROM by_hand ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
      [BATCH],
    );
    JSON.stringify(rows);
    await tx.query("DELETE FROM by_hand WHERE id = ANY($1)", [rows.map(({ id }) => id)]);
    await tx.query("COMMIT");
    left -= rows.length;
  }
  const ms = performance.now() - startedAt;
  tx.release();
  return (events / ms) * 1_000;
};

/** From the start of a client until a receiver that answers at once has all. */
const rateOfDraining = async (outbox: Outbox, events: number): Promise<number> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = events;
  const startedAt = performance.now();
  const client = clientOver(outbox, {
    name: "at once",
    send: async (batch) => {
      left -= batch.events.length;
      JSON.stringify(batch.events);
      if (left <= 0) resolve();
      return { every: { state: "acknowledged" } };
    },
  });
  await promise;
  const ms = performance.now() - startedAt;
  await client.flush();
  await client.close();
  return (events / ms) * 1_000;
};

const BLOCKED: Transport = {
  name: "blocked",
  send: async () => ({ every: { state: "retry", reason: "not now" } }),
};

const clientOver = (outbox: Outbox, transport: Transport): MeterClient =>
  new MeterClient({
    transport,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
    outbox,
  });

const eventOf = (order: string) => ({
  tenant_id: "tenant_123",
  device_id: "shop",
  meter_id: "page.processed.basic" as const,
  total_usage: 5,
  metadata: { order },
});
