import { createServer } from "node:http";
import { flushCompileCache } from "node:module";
import { MeterClient, type Receipt } from "@meter-lib/core";
import { systemClock } from "@meter-lib/core/transport";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { createRelay } from "../src/index.ts";
import { nodeRelayHandler } from "../src/node/index.ts";
import { sqliteDedup } from "../src/sqlite/index.ts";

// A relay in a process of its own, that kills itself when and where it is told to: `relay-process.ts BASE_URL OUTBOX DEDUP KILL_AT CLOCK_MS`.
const [baseUrl = "", outboxPath = "", dedupPath = "", killAt = "never", clockMs = "0"] =
  process.argv.slice(2);

const dieAt = (where: string): void => {
  if (where === killAt) process.kill(process.pid, "SIGKILL");
};

const client = new MeterClient({
  // As plain clients send: the receiver gets no id and cannot drop a second event.
  transport: fetchTransport({ baseUrl, strictWire: true }),
  customerLookup: staticCustomers({ tenant_123: "cust_001" }),
  outbox: sqliteOutbox({ path: outboxPath }),
  delivery: { lingerMs: 10 },
});
const dedup = sqliteDedup({ path: dedupPath });

const relay = createRelay({
  authenticate: () => ({ tenant_id: "tenant_123", device_id: "web-1" }),
  origins: ["https://app.example.com"],
  clock: { ...systemClock, now: () => Date.now() + Number(clockMs) },
  client: {
    outboxName: client.outboxName,
    ingest: (events) => {
      dieAt("claimed");
      const receipts = client.ingest(events);
      dieAt("handed_on");
      return receipts.map(
        ({ event_id, durable, settled, fate }): Receipt => ({
          event_id,
          settled,
          fate,
          stored: undefined,
          durable: durable.finally(() => dieAt("stored")),
        }),
      );
    },
  },
  dedup: {
    name: dedup.name,
    windowMs: dedup.windowMs,
    claim: (request) => dedup.claim(request),
    settle: async (request) => {
      await dedup.settle(request);
      dieAt("confirmed");
    },
  },
});
const handler = nodeRelayHandler(relay);
const server = createServer((incoming, outgoing) => void handler(incoming, outgoing));
server.listen(0, "127.0.0.1", () => {
  // Else kept at the exit, which a killed process does not reach.
  flushCompileCache();
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : ""}\n`);
});
