// A process that uses meter-lib: records its share of the trace into an SQLite outbox, from where it goes to Kafka. Ended in the
// middle and started again, it goes on where its journal ends.
import { setTimeout as sleep } from "node:timers/promises";
import { MeterClient } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { kafkaTransport } from "@meter-lib/transport-kafka";
import { Journal } from "./journal.ts";
import { pipelineCatalog } from "./pipeline-catalog.ts";
import { TENANTS, writerEvents } from "./writer-events.ts";

export interface WriterOptions {
  readonly writer: number;
  readonly writers: number;
  /** How many events it records in all. */
  readonly events: number;
  readonly brokers: readonly string[];
  readonly journal: string;
  readonly outbox: string;
  readonly dedupWindowMs: number;
}

const BATCH = 500;
const TIMEOUT_MS = 60_000;
const DRAIN_MS = 3_600_000;
const LOOK_EVERY_MS = 200;

const {
  writer,
  writers,
  events,
  brokers,
  journal: path,
  outbox,
  dedupWindowMs,
}: WriterOptions = JSON.parse(process.argv[2] ?? "{}");

const client = new MeterClient({
  catalog: pipelineCatalog,
  transport: kafkaTransport({ brokers, timeoutMs: TIMEOUT_MS, dedup: { windowMs: dedupWindowMs } }),
  customerLookup: staticCustomers(TENANTS),
  outbox: sqliteOutbox({ path: outbox }),
  delivery: { lingerMs: 50, onFull: "block", retryCapMs: 2_000 },
  timeoutMs: TIMEOUT_MS,
  defaults: { device_id: `writer-${writer}` },
});
const eventAt = writerEvents(writer, writers);
const journal = new Journal(path);

for (let from = journal.stored; from < events; from += BATCH) {
  const batch = Array.from({ length: Math.min(BATCH, events - from) }, (_, i) => eventAt(from + i));
  // What an ended process left unsure is recorded again, under the same ids.
  journal.append(batch.slice(Math.max(0, journal.written - from)));
  const receipts = batch.map((event) => client.record(event));
  for (const { ok, ...durable } of await Promise.all(receipts.map((receipt) => receipt.durable))) {
    if (!ok) throw new Error(`not stored: ${JSON.stringify(durable)}`);
  }
  journal.markStored(from + batch.length);
}
let total = await client.stats();
// What an ended process left in the outbox is taken up in the background.
for (; total.pending > 0; total = await client.stats()) {
  await client.flush({ timeoutMs: DRAIN_MS });
  await sleep(LOOK_EVERY_MS);
}
console.log(JSON.stringify(total));
await client.close();
journal.close();
if (total.acknowledged !== events) throw new Error(`${total.acknowledged} of ${events} were acknowledged`);
