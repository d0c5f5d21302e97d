/** A process that records events around a cut-over, until it is killed or has done all: `file before after journal at events`. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { MeterClient } from "@meter-lib/core";
import { cutOver } from "@meter-lib/core/compose";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { eventTime } from "./event-time.ts";

const [file = "", before = "", after = "", journal = "", at = "0", events = "100"] = process.argv.slice(2);
/** Recorded before the last of them is stored. */
const TOGETHER = 10;

const to = (baseUrl: string) =>
  fetchTransport({ baseUrl, dialect: "kafka-rest", dedup: { windowMs: 86_400_000 } });
const client = new MeterClient({
  transport: cutOver({ at: Number(at), before: to(before), after: to(after) }),
  customerLookup: staticCustomers({ tenant: "customer" }),
  outbox: sqliteOutbox({ path: file }),
  delivery: { lingerMs: 5 },
  defaults: { tenant_id: "tenant", device_id: "device" },
});

const done = existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 1 : 0;
for (let next = done * TOGETHER; next < Number(events); next += TOGETHER) {
  const receipts = Array.from({ length: TOGETHER }, (_, i) =>
    client.record({
      meter_id: "page.processed.basic",
      event_id: `event-${next + i}`,
      event_time: eventTime(next + i, Number(at)),
      total_usage: next + i,
    }),
  );
  await Promise.all(receipts.map(({ durable }) => durable));
  // Only what is stored is written down: all else is recorded again, under the same ids.
  appendFileSync(journal, "stored\n");
  console.log(next);
}
while (!(await client.flush({ timeoutMs: 10_000 })));
await client.close();
console.log("done");
