// Orders with their usage in transactions of Prisma: billed when committed, and not when rolled back.
import assert from "node:assert/strict";
import { PrismaPg } from "@prisma/adapter-pg";
import { MeterClient, memoryTransport } from "meter-lib";
import { migratePostgres, postgresOutbox, postgresRecorder, prismaTransaction } from "meter-lib/postgres";
import pg from "pg";
import { PrismaClient } from "./generated/client.ts";

const url = process.argv[2];
const database = new pg.Pool({ connectionString: url });
await migratePostgres({ client: database });
await database.query("CREATE TABLE orders (id text PRIMARY KEY)");
const transport = memoryTransport();
const client = new MeterClient({
  transport,
  customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
  outbox: postgresOutbox({ pool: database }),
});
const recorder = postgresRecorder();
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });

const usage = (event_id) => ({
  tenant_id: "tenant_1",
  device_id: "shop",
  meter_id: "page.processed.basic",
  total_usage: 3,
  event_id,
});

const bill = (id, record) =>
  prisma.$transaction(async (tx) => {
    await tx.order.create({ data: { id } });
    await record(usage(id), { tx: prismaTransaction(tx) });
    if (id.endsWith("undone")) throw new Error("undone");
  });

for (const record of [client.record.bind(client), recorder.record]) {
  const kind = record === recorder.record ? "recorder" : "client";
  await bill(`${kind}-kept`, record);
  await assert.rejects(bill(`${kind}-undone`, record), /undone/);
}
await prisma.$executeRaw`INSERT INTO orders VALUES (${"one"}) RETURNING meter_lib.arrive(${recorder.arrival(usage("one"))})`;

assert.equal(await client.flush(), true);
assert.deepEqual(transport.events.map(({ event_id }) => event_id).sort(), [
  "client-kept",
  "one",
  "recorder-kept",
]);
assert.deepEqual(
  (await prisma.order.findMany({ orderBy: { id: "asc" } })).map(({ id }) => id),
  ["client-kept", "one", "recorder-kept"],
);
await client.close();
await prisma.$disconnect();
await database.end();
console.log("ok");
