// The order API on port 3000. Orders and usage that waits are in the database of DATABASE_URL.
import { serve } from "@hono/node-server";
import { createMeterClient } from "meter-lib";
import { closeOnSignals } from "meter-lib/node";
import { migratePostgres, postgresOutbox } from "meter-lib/postgres";
import pg from "pg";
import { createOrderApi } from "./order-api.ts";
import { shopCatalog } from "./shop-catalog.ts";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
// A connection that breaks is replaced by another.
pool.on("error", (error) => console.error(error.message));
await migratePostgres({ client: pool });
await pool.query(
  "CREATE TABLE IF NOT EXISTS orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id text NOT NULL, items bigint NOT NULL)",
);

const client = createMeterClient({
  catalog: shopCatalog,
  baseUrl: process.env.METER_LIB_BASE_URL ?? "http://127.0.0.1:4318",
  dialect: "kafka-rest",
  dedup: { windowMs: 7 * 86_400_000 },
  outbox: postgresOutbox({ pool }),
  defaults: { device_id: "order-api" },
});
const server = serve({
  fetch: createOrderApi(pool, client).fetch,
  port: Number(process.env.PORT ?? 3000),
  hostname: "127.0.0.1",
});
server.on("listening", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`Orders: http://127.0.0.1:${address?.port}/orders`);
});
closeOnSignals(client, { before: () => server[Symbol.asyncDispose]() });
