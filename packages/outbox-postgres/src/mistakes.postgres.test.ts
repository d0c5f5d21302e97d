import { chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MeterClient, memoryTransport } from "@meter-lib/core";
import { systemClock } from "@meter-lib/core/transport";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { querySql } from "../test/postgres-server.ts";
import { connectTo, schemaPlace } from "../test/schema-place.ts";
import { migratePostgres } from "./migrate-postgres.ts";
import type { PostgresClient } from "./postgres-client.ts";
import { postgresOutbox } from "./postgres-outbox.ts";
import { migrationSql } from "./sql.ts";

/** The key and certificate of HTTPS tests. */
const CERTIFICATES = new URL("../../transport-fetch/test/", import.meta.url);

const EVENT = {
  tenant_id: "tenant_1",
  device_id: "api",
  meter_id: "page.processed.basic",
  total_usage: 3,
} as const;

/** What opening an outbox fails with. */
const openingFails = async (options: Parameters<typeof postgresOutbox>[0]): Promise<unknown> => {
  const outbox = postgresOutbox(options);
  try {
    await outbox.open();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await outbox.close();
  }
};

const urlOf = (user: string): string => inject("postgresUrl").replace("postgres@", `${user}@`);

test("the tables are missing", async () => {
  const url = inject("postgresUrl");
  const client = () => new pg.Client(url);
  for (const schema of ["nowhere", "pg_temp"])
    expect(await openingFails({ client, schema })).toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining(
        `the tables of the outbox are missing in the schema ${schema}: run \`meter outbox migrate --postgres URL\``,
      ),
    });
});

test("the tables are of another version", async () => {
  const url = inject("postgresUrl");
  const { schema } = await schemaPlace();
  await querySql(url, `UPDATE "${schema}".turns SET layout = 99`);
  expect(await openingFails({ client: () => new pg.Client(url), schema })).toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining("has the layout 99, expected layout 1"),
  });
});

test("migrations may run at once, again and again; the SQL file is what they run", async () => {
  const url = inject("postgresUrl");
  const clients = await Promise.all([connectTo(url), connectTo(url), connectTo(url)]);
  const schema = `migrated ${process.pid}`;
  await Promise.all(clients.map((client) => migratePostgres({ client, schema })));
  await migratePostgres({ client: clients[0], schema });
  expect(await openingFails({ client: () => new pg.Client(url), schema })).toBeUndefined();
  await Promise.all(clients.map((client) => client.end()));
  const file = readFileSync(new URL("../sql/meter_lib.sql", import.meta.url), "utf8");
  expect(file, "renew it: node --conditions=source scripts/write-postgres-sql.ts").toBe(migrationSql());
});

test("rights: who may what, and what the others are told", async () => {
  const url = inject("postgresUrl");
  const { schema } = await schemaPlace();
  const [app, writer, nobody] = ["app", "writer", "nobody"].map((name) => `${name}_${process.pid}`);
  await querySql(
    url,
    `CREATE ROLE ${app} LOGIN; CREATE ROLE ${writer} LOGIN; CREATE ROLE ${nobody} LOGIN;
    GRANT USAGE ON SCHEMA "${schema}" TO ${app}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO ${app};
    GRANT USAGE ON SCHEMA "${schema}" TO ${writer}; GRANT INSERT ON "${schema}".arrivals TO ${writer}; GRANT SELECT ON "${schema}".outbox TO ${writer}`,
  );
  const transport = memoryTransport();
  const client = new MeterClient({
    transport,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
    outbox: postgresOutbox({ client: () => new pg.Client(urlOf(app ?? "")), schema }),
    delivery: { lingerMs: 0 },
  });
  const tx = await connectTo(urlOf(writer ?? ""));
  await tx.query("BEGIN");
  await client.record(EVENT, { tx });
  await tx.query("COMMIT");
  await expect.poll(() => transport.events.length).toBe(1);
  expect(await client.stats()).toMatchObject({ recorded: 1, acknowledged: 1 });

  const stranger = await connectTo(urlOf(nobody ?? ""));
  await stranger.query("BEGIN");
  const advice = `grant the rights on the schema ${schema} that the README lists`;
  await expect(client.record(EVENT, { tx: stranger })).rejects.toMatchObject({
    code: "outbox_failed",
    message: expect.stringContaining(advice),
  });
  expect(await openingFails({ client: () => new pg.Client(urlOf(nobody ?? "")), schema })).toMatchObject({
    message: expect.stringContaining(advice),
  });
  await stranger.query("ROLLBACK");
  await expect(migratePostgres({ client: stranger, schema: "new_one" })).rejects.toMatchObject({
    message: expect.stringContaining("run the migration as the database's owner"),
  });
  await client.close();
  await Promise.all([tx.end(), stranger.end()]);
});

test("a transaction in another database that has a schema of the same name", async () => {
  const url = inject("postgresUrl");
  const { schema } = await schemaPlace();
  const [migrated, copied] = [`migrated_${process.pid}`, `copied_${process.pid}`];
  const urlIn = (database: string): string => url.replace(/postgres$/, database);
  await querySql(url, `CREATE DATABASE ${migrated}`);
  await querySql(urlIn(migrated), migrationSql(schema));
  // With its tables, and all that they hold.
  await querySql(url, `CREATE DATABASE ${copied} TEMPLATE ${migrated}`);
  const open = (at: string): MeterClient =>
    new MeterClient({
      transport: memoryTransport(),
      customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
      outbox: postgresOutbox({ client: () => new pg.Client(at), schema }),
    });
  for (const [own, other] of [
    ["postgres", migrated],
    [migrated, copied],
  ] as const) {
    const client = open(urlIn(own));
    await client.stats();
    const tx = await connectTo(urlIn(other));
    await tx.query("BEGIN");
    await expect(client.record(EVENT, { tx })).rejects.toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining(
        `tx: expected a transaction in the database "${own}" of the outbox: in the schema ${schema} of another one, nobody would deliver the event, got a transaction in the database "${other}"`,
      ),
    });
    // What was refused is not there, and the transaction goes on without it.
    expect((await tx.query(`SELECT FROM "${schema}".arrivals`)).rowCount).toBe(0);
    await tx.query("COMMIT");
    await tx.end();
    await client.close();
  }
});

test("a transaction in the database of another server that has the same name", async () => {
  const { schema } = await schemaPlace();
  const url = inject("postgresUrl");
  const client = new MeterClient({
    transport: memoryTransport(),
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
    outbox: postgresOutbox({ client: () => new pg.Client(url), schema }),
  });
  await client.stats();
  await querySql(url, `UPDATE "${schema}".outbox SET id = gen_random_uuid()`);
  const tx = await connectTo(url);
  await expect(client.record(EVENT, { tx })).rejects.toThrow(
    `got a transaction in another server's database "postgres"`,
  );
  await tx.end();
  await client.close();
});

test("a server, or a session, that is read-only", async () => {
  const url = inject("postgresUrl");
  const { schema } = await schemaPlace();
  const client = () =>
    new pg.Client({ connectionString: url, options: "-c default_transaction_read_only=on" });
  expect(await openingFails({ client, schema })).toMatchObject({
    code: "outbox_failed",
    message: expect.stringContaining(
      "the server or the transaction is read-only: connect to the primary, not to a replica",
    ),
  });
});

test("TLS where the server has none, a wrong password, database or port", async () => {
  const { host, port } = new URL(inject("postgresUrl"));
  const attempt = (config: pg.ClientConfig) => () =>
    new pg.Client({
      host: "127.0.0.1",
      port: Number(port),
      user: "postgres",
      database: "postgres",
      ...config,
    });
  expect(host).not.toBe("");
  expect(await openingFails({ client: attempt({ ssl: true }) })).toMatchObject({
    code: "outbox_failed",
    message: expect.stringContaining("the server does not support TLS: remove ssl"),
  });
  expect(await openingFails({ client: attempt({ database: "nowhere" }) })).toMatchObject({
    message: expect.stringContaining("the database does not exist"),
  });
  expect(await openingFails({ client: attempt({ port: 1 }) })).toMatchObject({
    code: "outbox_failed",
    message: expect.stringContaining("no server responds: check host and port"),
  });
});

test("TLS with a certificate that nobody vouches for", async () => {
  const url = inject("postgresUrl");
  const [settings] = await querySql(url, "SHOW data_directory");
  const folder = String(settings?.data_directory);
  const { uid, gid } = statSync(folder);
  for (const [name, from] of [
    ["server.crt", "self-signed-cert.pem"],
    ["server.key", "self-signed-key.pem"],
  ] as const) {
    const file = join(folder, name);
    writeFileSync(file, readFileSync(new URL(from, CERTIFICATES)), { mode: 0o600 });
    chownSync(file, uid, gid);
  }
  const reloaded = async (change: string, ssl: "on" | "off") => {
    await querySql(url, change);
    await querySql(url, "SELECT pg_reload_conf()");
    await expect.poll(() => querySql(url, "SHOW ssl")).toEqual([{ ssl }]);
  };
  await reloaded("ALTER SYSTEM SET ssl = on", "on");
  try {
    const client = () => new pg.Client({ connectionString: url, ssl: {} });
    expect(await openingFails({ client })).toMatchObject({
      code: "outbox_failed",
      message: expect.stringContaining("the server's certificate is not trusted: set its CA (ssl: { ca })"),
    });
  } finally {
    await reloaded("ALTER SYSTEM RESET ssl", "off");
  }
});

test("a pool that is too small", async () => {
  const url = inject("postgresUrl");
  const { schema } = await schemaPlace();
  const one = new pg.Pool({ connectionString: url, max: 1 });
  expect(() => postgresOutbox({ pool: one })).toThrow(
    "pool: expected a pool of at least 2: the outbox keeps one connection, and your transactions need others, got a pool of at most 1 connection",
  );
  await one.end();
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const busy = [await pool.connect(), await pool.connect()];
  expect(await openingFails({ pool, schema, connectTimeoutMs: 200 })).toMatchObject({
    code: "outbox_failed",
    message: expect.stringContaining("(2 of at most 2 open, 0 idle, 1 waiting): the pool is too small"),
  });
  for (const client of busy) client.release();
  expect(await openingFails({ pool, schema })).toBeUndefined();
  await pool.end();
  expect(() => postgresOutbox({})).toThrow(
    "pool: expected either pool or client, got neither pool nor client",
  );
  // @ts-expect-error: a URL is no pool, and its password is nobody's business
  expect(() => postgresOutbox({ pool: "postgres://app:secret@db/shop" })).toThrow(/, got text$/);
});

test("a pooler that gives each transaction another process of the server", async () => {
  const url = inject("postgresUrl");
  const { schema } = await schemaPlace();
  const servers: pg.Client[] = [];
  const client = async (): Promise<PostgresClient> => {
    const behind = [await connectTo(url), await connectTo(url)];
    servers.push(...behind);
    let turns = 0;
    return {
      query: (text, values) => {
        // From BEGIN on it stays the same one.
        const server = behind[text.startsWith("BEGIN") ? ++turns % 2 : turns % 2];
        if (server === undefined) throw new Error("two servers");
        return values === undefined ? server.query(text) : server.query(text, values);
      },
      on: () => undefined,
      end: () => undefined,
    };
  };
  expect(await openingFails({ client, schema })).toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining(
      "a pooler in transaction mode, where locks do not last: connect directly, or set pool_mode=session",
    ),
  });
  await Promise.all(servers.map((server) => server.end()));
});

test("a pooler that gives two connections the same process of the server", async () => {
  const url = inject("postgresUrl");
  const { schema } = await schemaPlace();
  const server = await connectTo(url);
  const client = (): PostgresClient => ({
    // A pooler names a process of its own.
    processID: 1,
    query: (text, values) => (values === undefined ? server.query(text) : server.query(text, values)),
    on: () => undefined,
    end: () => undefined,
  });
  expect(await openingFails({ client, schema })).toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining("a pooler in transaction mode"),
  });
  await server.end();
});

/** A pooler with one connection of the server; what whoever comes next does is `next`. */
const smallPooler = (server: pg.Client, next: () => Promise<unknown>) => {
  const statements: string[] = [];
  let isTaken = false;
  const client = (): PostgresClient => {
    const isNext = isTaken;
    isTaken = true;
    return {
      processID: 1,
      query: (text, values) => {
        if (isNext) return next();
        statements.push(text);
        return values === undefined ? server.query(text) : server.query(text, values);
      },
      on: () => undefined,
      end: () => undefined,
    };
  };
  return { client, statements };
};

test("a pooler in session mode that has no connection to spare", async () => {
  const { schema } = await schemaPlace();
  const server = await connectTo(inject("postgresUrl"));
  const { client } = smallPooler(server, () => new Promise(() => {}));
  expect(await openingFails({ client, schema })).toBeUndefined();
  await server.end();
});

test("behind a pooler, events are found without a notification", async () => {
  const url = inject("postgresUrl");
  const { schema } = await schemaPlace();
  const server = await connectTo(url);
  const { client, statements } = smallPooler(server, async () => {
    throw new Error("no more connections allowed");
  });
  const transport = memoryTransport();
  const meter = new MeterClient({
    transport,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
    outbox: postgresOutbox({ client, schema }),
    delivery: { lingerMs: 0 },
    // The client's own look, every 5 s, never comes.
    clock: {
      ...systemClock,
      schedule: (ms, ...more) => (ms > 1_000 ? () => {} : systemClock.schedule(ms, ...more)),
    },
  });
  expect(await meter.stats()).toMatchObject({ recorded: 0 });
  const tx = await connectTo(url);
  await tx.query("BEGIN");
  await meter.record(EVENT, { tx });
  await tx.query("COMMIT");
  await expect.poll(() => transport.events.length).toBe(1);
  expect(statements.filter((text) => text.includes("LISTEN"))).toEqual([]);
  await meter.close();
  await Promise.all([tx.end(), server.end()]);
});

test("a connection whose responses belong to the statement before", async () => {
  const url = inject("postgresUrl");
  const { schema } = await schemaPlace();
  const server = await connectTo(url);
  let before: Promise<unknown> = server.query("SET application_name = 'somebody else'");
  const client = (): PostgresClient => ({
    query: (text) => {
      const answer = before;
      before = server.query(text);
      return answer;
    },
    on: () => undefined,
    end: () => undefined,
  });
  expect(await openingFails({ client, schema })).toMatchObject({
    code: "outbox_failed",
    message: expect.stringContaining("a pooler mixed up responses; connect directly"),
  });
  await before;
  await querySql(url, `DELETE FROM "${schema}".turns`);
  expect(await openingFails({ client: () => new pg.Client(url), schema })).toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining("has no layout, expected layout 1"),
  });
  await server.end();
});

test("a connection that is lost while it opens is returned to its pool once", async () => {
  let returned = 0;
  const connect = async (): Promise<PostgresClient> => ({
    query: async () => {
      throw new Error("Connection terminated unexpectedly");
    },
    on: () => undefined,
    release: () => {
      returned++;
    },
  });
  expect(await openingFails({ pool: { connect } })).toMatchObject({
    code: "outbox_failed",
    message: expect.stringContaining("the connection was lost: Connection terminated unexpectedly"),
  });
  expect(returned).toBe(1);
});
