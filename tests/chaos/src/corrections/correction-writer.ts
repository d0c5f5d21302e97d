/**
 * A process that records events and corrects them, until it is killed or has done all: `file url journal seed operations`. Some answers of
 * the receiver are lost.
 */
import { MeterClient } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { type JournalEntry, latestOf, readJournal, writeEntry } from "./correction-journal.ts";
import { seededRandom } from "./seeded-random.ts";

const [file = "", url = "", journal = "", seed = "1", operations = "100"] = process.argv.slice(2);
/** What is not stored yet when a kill comes is among the last so many. */
const REPEATED = 10;
const LOST_ANSWERS = 0.1;
const METER = "page.processed.basic";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SINCE = Date.parse("2026-03-01T00:00:00Z");

const entries = [...readJournal(journal)];
const latest = new Map(latestOf(entries));
const random = seededRandom(Number(seed) + entries.length);

const client = new MeterClient({
  transport: fetchTransport({
    baseUrl: url,
    dialect: "kafka-rest",
    corrections: true,
    dedup: { windowMs: DAY_MS },
    fetch: async (...request) => {
      const response = await fetch(...request);
      if (random() < LOST_ANSWERS) throw new TypeError("the connection was reset");
      return response;
    },
  }),
  customerLookup: staticCustomers({ tenant: "customer" }),
  outbox: sqliteOutbox({ path: file, retention: { acknowledgedMs: DAY_MS, ledgerMs: 10_000 * DAY_MS } }),
  delivery: { lingerMs: 5, retryCapMs: 50 },
  defaults: { tenant_id: "tenant", device_id: "device" },
});

/** Does what the journal says; a repeat changes nothing. */
const carryOut = async ({ what, event_id, usage }: JournalEntry): Promise<void> => {
  if (what === "record") {
    const event_time = SINCE + (Number(event_id) % 3) * HOUR_MS;
    const receipt = client.record({ meter_id: METER, event_id, event_time, total_usage: usage });
    const durable = await receipt.durable;
    if (!durable.ok) throw new Error(`${event_id} was not recorded`);
    return;
  }
  const event_time = SINCE + (usage % 3) * HOUR_MS;
  const result =
    what === "cancel"
      ? await client.cancel(event_id, "wrong")
      : await client.amend(event_id, { meter_id: METER, total_usage: usage, event_time }, "wrong");
  if (!result.ok) throw result.error;
};

const pick = (): JournalEntry => {
  const known = [...latest.values()].filter(({ what }) => what !== "cancel");
  const usage = Math.floor(random() * 100);
  const event = known[Math.floor(random() * known.length)];
  const what = random();
  if (event === undefined || what < 0.5) return { what: "record", event_id: String(latest.size), usage };
  return { what: what < 0.85 ? "amend" : "cancel", event_id: event.event_id, usage };
};

for (const entry of latestOf(entries.slice(-REPEATED)).values()) {
  // What was only recorded and amended before is in the outbox: the record of it may not be.
  const first = entries.find(({ event_id, what }) => event_id === entry.event_id && what === "record");
  if (first !== undefined && entry.what === "record") await carryOut(first);
  else await carryOut(entry);
}
while (entries.length < Number(operations)) {
  const entry = pick();
  writeEntry(journal, entry);
  entries.push(entry);
  latest.set(entry.event_id, entry);
  await carryOut(entry);
  console.log(entries.length);
}
while (!(await client.flush({ timeoutMs: 10_000 })));
await client.close();
console.log("done");
