// Node's CommonJS: the packages are modules, and require() takes them.
const { MeterClient, memoryTransport, staticCustomers } = require("meter-lib");
const { createRelay } = require("@meter-lib/relay");
const { sqliteOutbox } = require("meter-lib/node");

const main = async () => {
  const transport = memoryTransport();
  const client = new MeterClient({
    transport,
    customerLookup: staticCustomers({ tenant_123: "cust_001" }),
    outbox: sqliteOutbox({
      path: `${require("node:fs").mkdtempSync(`${require("node:os").tmpdir()}/cjs-`)}/usage.db`,
    }),
    defaults: { tenant_id: "tenant_123", device_id: "node" },
  });
  client.record({ meter_id: "page.processed.basic", total_usage: 24 });
  await client.flush();
  await client.close();
  if (transport.events.length !== 1 || typeof createRelay !== "function") throw new Error("not counted");
  console.log("ok");
};
main();
