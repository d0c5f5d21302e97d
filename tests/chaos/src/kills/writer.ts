/**
 * A process that records usage until it is killed, and says in its journal what it did:
 * `I <id> <tenant> <usage>`: issued, written before the outbox can have it; `D <id>`: known to be durable.
 * With `drain` it records nothing, delivers what earlier ones left, prints its accounts and ends.
 */
import { openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { MeterClient } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { deletesBeforeAcknowledgement, makesNewIds, resendsTheUnsure } from "../broken/broken-variants.ts";
import { CHUNK } from "./chunk.ts";
import { customersOf, PARKED_TENANT, TENANTS } from "./tenants.ts";

const { values } = parseArgs({
  options: {
    outbox: { type: "string", default: "" },
    url: { type: "string", default: "" },
    dialect: { type: "string", default: "events" },
    dedup: { type: "boolean", default: false },
    journal: { type: "string", default: "" },
    count: { type: "string", default: "0" },
    drain: { type: "boolean", default: false },
    /** Works wrongly on purpose, to see that the judge notices. */
    broken: { type: "string", default: "" },
  },
});

// A drain that makes no progress for so long is stuck.
const STUCK_MS = 30_000;

const journal = openSync(values.journal, "a");
process.on("unhandledRejection", (error) => {
  writeSync(journal, `U ${String(error)}\n`);
  process.exit(70);
});

const transport = fetchTransport({
  baseUrl: values.url,
  dialect: values.dialect === "kafka-rest" ? "kafka-rest" : "events",
  dedup: values.dedup ? { windowMs: 86_400_000 } : false,
  timeoutMs: 5_000,
});
const outbox = sqliteOutbox({ path: values.outbox, tombstones: { max: 20_000 } });

const client = new MeterClient({
  transport:
    values.broken === "new-ids"
      ? makesNewIds(transport)
      : values.broken === "resend"
        ? resendsTheUnsure(transport)
        : transport,
  customerLookup: staticCustomers(customersOf(values.drain)),
  outbox: values.broken === "early-delete" ? deletesBeforeAcknowledgement(outbox) : outbox,
  delivery: { lingerMs: 10, maxBatchEvents: 100, retryCapMs: 500 },
});

const recordChunk = async (from: number): Promise<void> => {
  const lines: string[] = [];
  const receipts = Array.from({ length: CHUNK }, (_, index) => {
    const number = from + index;
    const tenant_id = number % 50 === 0 ? PARKED_TENANT : (TENANTS[number % TENANTS.length] ?? "");
    const total_usage = 1 + (number % 7);
    const receipt = client.record({
      tenant_id,
      device_id: "writer",
      meter_id: "page.processed.basic",
      total_usage,
    });
    lines.push(`I ${receipt.event_id} ${tenant_id} ${total_usage}\n`);
    return receipt;
  });
  writeSync(journal, lines.join(""));
  writeSync(1, "issued\n");
  const outcomes = await Promise.all(receipts.map(({ durable }) => durable));
  const durable = receipts.filter((_, index) => outcomes[index]?.ok === true);
  writeSync(journal, durable.map(({ event_id }) => `D ${event_id}\n`).join(""));
};

const drain = async (): Promise<void> => {
  let { pending } = await client.stats();
  let progressAt = Date.now();
  while (pending > 0 && Date.now() - progressAt < STUCK_MS) {
    client.retryNow();
    await client.flush({ timeoutMs: 1_000 });
    const before = pending;
    ({ pending } = await client.stats());
    if (pending < before) progressAt = Date.now();
  }
  const accounts = await client.stats();
  await client.close();
  writeSync(1, `${JSON.stringify(accounts)}\n`);
};

if (values.drain) {
  await drain();
} else {
  writeSync(1, "ready\n");
  for (let from = 0; from < Number(values.count); from += CHUNK) {
    await recordChunk(from);
    writeSync(1, "recorded\n");
  }
  // Delivers until it is killed, also what was counted as sent and failed.
  await new Promise<void>((resolve) => setTimeout(resolve, 60_000));
}
