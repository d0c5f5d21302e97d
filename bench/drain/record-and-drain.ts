// The process with a backlog: FILE PORT EVENTS. It records so many, then flushes and closes when it is told to.
import { MeterClient } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { undiciSend } from "@meter-lib/transport-fetch/undici";
import { preciseNow } from "../harness/clock.ts";
import { endWithParent, tellParent } from "../harness/parent.ts";
import { usage } from "../throughput/contestants/usage.ts";

const EVENTS_BETWEEN_LOOKS = 5_000;

const [path = "", port = "0", events = "0"] = process.argv.slice(2);
const startedAt = preciseNow();
const client = new MeterClient({
  transport: fetchTransport({
    baseUrl: `http://127.0.0.1:${port}`,
    dialect: "kafka-rest",
    dedup: { windowMs: 86_400_000 },
    send: undiciSend({ connections: 4 }),
  }),
  customerLookup: staticCustomers({ [usage(0).tenant_id]: "cust_001" }),
  outbox: sqliteOutbox({ path }),
});
endWithParent();
process.on("message", async (order: object) => {
  if ("flush" in order) {
    client.retryNow();
    await tellParent({ flushed: await client.flush({ timeoutMs: 60_000 }) });
  } else {
    await client.close({ timeoutMs: 0 });
    await tellParent({ closed: true });
    process.exit();
  }
});
for (let index = 0; index < Number(events); index++) {
  const receipt = client.record(usage(index));
  if (index % EVENTS_BETWEEN_LOOKS === EVENTS_BETWEEN_LOOKS - 1 || index === Number(events) - 1)
    await receipt.durable;
}
await tellParent({ startedAt });
