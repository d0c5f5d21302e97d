import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient, memoryOutbox, type Outbox, type Transport } from "@meter-lib/core";
import { cachedLookup, httpCustomerLookup } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { undiciSend } from "@meter-lib/transport-fetch/undici";
import type { Contestant, Load } from "../contestant.ts";
import { usage } from "./usage.ts";

const DAY_MS = 86_400_000;
const MEMORY = { maxEvents: 100_000, maxBytes: 256 * 1024 * 1024 };

const recording = (transport: Transport, url: string, outbox: Outbox): Load => {
  const client = new MeterClient({
    transport,
    customerLookup: cachedLookup(httpCustomerLookup({ baseUrl: url })),
    outbox,
    delivery: { onFull: "block", maxHeldEvents: 100_000, maxHeldBytes: 256 * 1024 * 1024 },
  });
  // A producer that never stops: it waits when the outbox is a good deal behind.
  let untilNextLook = 5_000;
  return {
    send: (index) => {
      const receipt = client.record(usage(index));
      if (--untilNextLook > 0) return;
      untilNextLook = 5_000;
      return receipt.durable.then(() => {});
    },
    flush: async () => {
      if (!(await client.flush({ timeoutMs: 60_000 }))) throw new Error("not delivered in a minute");
    },
    close: async () => {
      await client.close();
    },
  };
};

const kafkaRest = (url: string): Transport =>
  fetchTransport({
    baseUrl: url,
    dialect: "kafka-rest",
    dedup: { windowMs: DAY_MS },
    send: undiciSend({ connections: 4 }),
  });

const events = (url: string): Transport =>
  fetchTransport({ baseUrl: url, dedup: { windowMs: DAY_MS }, send: undiciSend({ connections: 64 }) });

const onDisk = async (url: string, transport: Transport): Promise<Load> => {
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-bench-"));
  const load = recording(transport, url, sqliteOutbox({ path: join(folder, "outbox.db") }));
  return {
    ...load,
    close: async () => {
      await load.close();
      rmSync(folder, { recursive: true });
    },
  };
};

export const meterLib: readonly Contestant[] = [
  {
    name: "meter-lib record, kafka-rest, memory",
    promise: "in memory",
    prepare: async (url) => recording(kafkaRest(url), url, memoryOutbox(MEMORY)),
  },
  {
    name: "meter-lib record, kafka-rest, SQLite",
    promise: "durable before it leaves",
    prepare: (url) => onDisk(url, kafkaRest(url)),
  },
  {
    name: "meter-lib record, events, memory",
    promise: "in memory",
    prepare: async (url) => recording(events(url), url, memoryOutbox(MEMORY)),
  },
  {
    name: "meter-lib record, events, SQLite",
    promise: "durable before it leaves",
    prepare: (url) => onDisk(url, events(url)),
  },
];
