// A process that uses meter-lib: records its share of the trace into an SQLite outbox, from where it goes to Kafka, and corrects some of it. Ended in the
// middle and restarted, it continues where its journal ends.
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { MeterClient } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { kafkaTransport } from "@meter-lib/transport-kafka";
import { Journal } from "./journal.ts";
import { pipelineCatalog } from "./pipeline-catalog.ts";
import { TENANTS } from "./writer-events.ts";
import { type WriterOperation, writerOperations } from "./writer-operations.ts";

export interface WriterOptions {
  readonly writer: number;
  readonly writers: number;
  /** How many operations it does in all. */
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
// Longer than an event waits for its correction.
const KEPT_MS = 3_600_000;

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
  transport: kafkaTransport({
    brokers,
    timeoutMs: TIMEOUT_MS,
    dedup: { windowMs: dedupWindowMs },
    corrections: { cancelMs: dedupWindowMs, amendMs: dedupWindowMs },
  }),
  customerLookup: staticCustomers(TENANTS),
  outbox: sqliteOutbox({ path: outbox, retention: { acknowledgedMs: KEPT_MS } }),
  delivery: { lingerMs: 50, onFull: "block", retryCapMs: 2_000 },
  timeoutMs: TIMEOUT_MS,
  defaults: { device_id: `writer-${writer}` },
});
const operationAt = writerOperations(writer, writers);
const journal = new Journal(path);

/** Changes nothing if it was done before. */
const correct = async ({ event, correction }: WriterOperation, isRepeat: boolean): Promise<void> => {
  const { tenant_id, event_id, session_id: _, ...fields } = event;
  const result =
    correction === "cancel"
      ? await client.cancel({ tenant_id, event_id }, "wrong")
      : await client.amend({ tenant_id, event_id }, fields, "wrong");
  // What is amended again by a repeat may have been cancelled since.
  if (!result.ok && !(isRepeat && result.error.code === "not_correctable")) throw result.error;
};

for (let from = journal.stored; from < events; from += BATCH) {
  const batch = Array.from({ length: Math.min(BATCH, events - from) }, (_, i) => operationAt(from + i));
  // Repeats what an ended process left ambiguous, with the same ids.
  const repeated = Math.max(0, journal.written - from);
  journal.append(batch.slice(repeated));
  const receipts = batch
    .filter(({ correction }) => correction === undefined)
    .map(({ event }) => client.record(event));
  for (const { ok, ...durable } of await Promise.all(receipts.map((receipt) => receipt.durable))) {
    if (!ok) throw new Error(`not stored: ${JSON.stringify(durable)}`);
  }
  for (const [i, operation] of batch.entries())
    if (operation.correction !== undefined) await correct(operation, i < repeated);
  journal.markStored(from + batch.length);
}
let total = await client.stats();
// Events that an ended process left in the outbox are claimed in the background.
for (; total.pending > 0; total = await client.stats()) {
  await client.flush({ timeoutMs: DRAIN_MS });
  await sleep(LOOK_EVERY_MS);
}
await client.close();
journal.close();
await writeFile(`${path}.stats`, JSON.stringify(total));
if (total.acknowledged + total.discarded !== total.recorded)
  throw new Error(`not all is acknowledged: ${JSON.stringify(total)}`);
