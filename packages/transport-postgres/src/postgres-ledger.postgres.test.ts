import { readFileSync } from "node:fs";
import { MeterClient } from "@meter-lib/core";
import { expect, inject, test } from "vitest";
import { querySql } from "../../outbox-postgres/test/postgres-server.ts";
import { connectTo } from "../../outbox-postgres/test/schema-place.ts";
import { usagePlace } from "../test/usage-place.ts";
import { migrateUsage } from "./migrate-usage.ts";
import { postgresLedger } from "./postgres-ledger.ts";
import { postgresTransport } from "./postgres-transport.ts";
import { usageMigrationSql } from "./usage-tables.ts";

const HOUR = 3_600_000;
const NOW = Math.floor(Date.now() / HOUR) * HOUR - HOUR;

test("what the table has agrees; what is gone from it is missing, by its id", async () => {
  await using place = await usagePlace();
  await using client = new MeterClient({
    transport: postgresTransport({ pool: place.pool, schema: place.schema }),
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
    defaults: { tenant_id: "tenant_123", device_id: "api" },
  });
  const [lost] = [0, 1, 2].flatMap((hours) =>
    [1, 2, 4].map((total_usage) =>
      client.record({
        meter_id: "page.processed.basic",
        total_usage,
        event_time: NOW - hours * HOUR + 1_000,
      }),
    ),
  );
  await client.flush();
  const ledger = postgresLedger({ client: place.pool, schema: place.schema });
  expect(await client.reconcile(ledger)).toMatchObject({ agrees: true, by: "ids", compared: 3 });
  await place.query(`DELETE FROM usage_events WHERE event_id = '${lost?.event_id}'`);
  expect(await client.reconcile(ledger, { from: NOW - HOUR })).toMatchObject({
    agrees: false,
    drifting: 1,
    compared: 2,
    differences: [{ hour: NOW, acknowledged: 3, counted: 2, counted_usage: 6, missing: [lost?.event_id] }],
  });
});

test("a table of sums, such as the pipeline's, is compared without ids", async () => {
  await using place = await usagePlace();
  await place.query(
    `CREATE TABLE usage AS SELECT 'tenant' AS tenant_id, 'calls' AS meter_id, ${NOW} AS hour_ms, 3 AS events, NULL::numeric AS total_usage`,
  );
  const ledger = postgresLedger({ client: place.pool, table: `${place.schema}.usage` });
  expect(await ledger.ledger({}, [])).toEqual([
    { tenant_id: "tenant", meter_id: "calls", hour: NOW, events: 3, total_usage: 0 },
  ]);
  expect(ledger.ids).toBeUndefined();
  expect(() => postgresLedger({ client: place.pool, table: 'usage"; DROP' })).toThrow("table: ");
});

test("migrations may run at once, again and again; the SQL file is what they run", async () => {
  const url = inject("postgresUrl");
  const clients = await Promise.all([connectTo(url), connectTo(url), connectTo(url)]);
  const schema = `usage migrated ${process.pid}`;
  await Promise.all(clients.map((client) => migrateUsage({ client, schema })));
  expect(await querySql(url, `SELECT FROM "${schema}".usage_by_hour`)).toEqual([]);
  await querySql(url, `CREATE ROLE usage_nobody_${process.pid} LOGIN`);
  const nobody = await connectTo(url.replace("postgres@", `usage_nobody_${process.pid}@`));
  await expect(migrateUsage({ client: nobody, schema: "usage_new" })).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining("grant this user CREATE on the database"),
  });
  await Promise.all([...clients, nobody].map((client) => client.end()));
  const file = readFileSync(new URL("../sql/usage.sql", import.meta.url), "utf8");
  expect(file, "renew it: node --conditions=source scripts/write-postgres-sql.ts").toBe(usageMigrationSql());
});
