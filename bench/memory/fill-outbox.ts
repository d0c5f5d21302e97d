// The process whose outbox fills: OUTBOX EVENTS. Nobody listens where it sends.
import { globSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient, memoryOutbox } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { undiciSend } from "@meter-lib/transport-fetch/undici";
import { endWithParent, tellParent } from "../harness/parent.ts";
import { usage } from "../throughput/contestants/usage.ts";

const NOBODY = "http://127.0.0.1:9";
const ROOM = 2 * 1024 ** 3;
const EVENTS_BETWEEN_LOOKS = 5_000;

/** What the caller gave and what `record()` added: nothing that the outbox keeps beside it. */
const EVENT_FIELDS = ["event_id", "tenant_id", "device_id", "meter_id", "event_time", "total_usage"];

const heapBytes = (): number => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const [kind = "", count = "0"] = process.argv.slice(2);
const events = Number(count);
endWithParent();
const limits = { maxEvents: events, maxBytes: ROOM };
const client = new MeterClient({
  transport: fetchTransport({
    baseUrl: NOBODY,
    dialect: "kafka-rest",
    send: undiciSend({ connections: 4 }),
  }),
  customerLookup: staticCustomers({ [usage(0).tenant_id]: "cust_001" }),
  outbox:
    kind === "SQLite" ? sqliteOutbox({ path: join(tmpdir(), "outbox.db"), limits }) : memoryOutbox(limits),
  ...(kind === "SQLite" ? {} : { delivery: { maxHeldEvents: events, maxHeldBytes: ROOM } }),
});
const before = heapBytes();
const startedAt = performance.now();
for (let index = 0; index < events; index++) {
  const receipt = client.record(usage(index));
  if (index % EVENTS_BETWEEN_LOOKS === EVENTS_BETWEEN_LOOKS - 1 || index === events - 1)
    await receipt.durable;
}
const milliseconds = performance.now() - startedAt;
const [row] = await client.list({ limit: 1 });
const accounts = await client.stats();
const files = globSync(join(tmpdir(), "outbox.db*")).map((file) => statSync(file).size);
await tellParent({
  milliseconds,
  heapBytes: heapBytes() - before,
  rssBytes: process.memoryUsage().rss,
  fileBytes: files.reduce((sum, size) => sum + size, 0),
  jsonBytes: JSON.stringify(row?.event, EVENT_FIELDS).length,
  refused: events - accounts.pending,
});
process.exit();
