// One contestant of throughput.ts in a process of its own: `node throughput-contestant.ts {"way":"raw",…}`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createEventId, MeterClient, memoryOutbox } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { kafkaTransport } from "@meter-lib/transport-kafka";
import { murmur2, ProduceAcks, Producer } from "@platformatic/kafka";

/**
 * - `bare`: @platformatic/kafka alone; key and value, no ids
 * - `raw`: @platformatic/kafka alone, with the ids as headers: the same records as meter-lib's
 * - `memory`: `record()` with the outbox in memory
 * - `sqlite`: `record()` with an SQLite outbox
 */
export type Way = "bare" | "raw" | "memory" | "sqlite";

export interface Contestant {
  readonly way: Way;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
  readonly producers: number;
  readonly warmUp: number;
  readonly events: number;
}

export interface Reading {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

interface Load {
  run(from: number, events: number): Promise<void>;
  close(): Promise<void>;
}

const BATCH = 1_000;
const EVENTS_PER_TURN = 100;
const EVENTS_BETWEEN_LOOKS = 10_000;
const HELD = 50_000;
const TENANTS = Array.from({ length: 50 }, (_, i) => `tenant-${i}`);
const PATIENCE_MS = 120_000;

const usage = (n: number) => ({
  tenant_id: TENANTS[n % TENANTS.length] ?? "",
  device_id: "device-1",
  meter_id: "page.processed.basic" as const,
  total_usage: 1 + (n % 50),
});

const customerOf = (tenant: string): string => `cust_${tenant}`;

/** Writes these records into the topic without meter-lib. */
const byHand = ({ brokers, topic, partitions, producers }: Contestant, withIds: boolean): Load => {
  const pool = Array.from(
    { length: producers },
    (_, i) =>
      new Producer({
        clientId: `raw-${i}`,
        bootstrapBrokers: [...brokers],
        maxInflights: 1,
        autocreateTopics: false,
      }),
  );
  const names = ["event_id", "tenant_id", "device_id", "producer", "seq"].map((name) =>
    Buffer.from(`meter.${name}`),
  );
  const producer = crypto.randomUUID();
  const message = (n: number) => {
    const { tenant_id, device_id, meter_id, total_usage } = usage(n);
    const event_time = Date.now();
    const customer_id = customerOf(tenant_id);
    const key = Buffer.from(customer_id);
    const value = Buffer.from(
      JSON.stringify({ meter_id, customer_id, total_usage, event_time, metadata: {} }),
    );
    const partition = (murmur2(key) & 0x7fffffff) % partitions;
    if (!withIds) return { topic, key, value, partition };
    const ids = [createEventId(event_time), tenant_id, device_id, producer, String(n)];
    const headers = new Map(names.map((name, i) => [name, Buffer.from(ids[i] ?? "")]));
    return { topic, key, value, partition, headers };
  };
  return {
    async run(from, events) {
      let next = from;
      const end = from + events;
      const work = async (own: Producer) => {
        while (next < end) {
          const start = next;
          next = Math.min(end, start + BATCH);
          const messages = Array.from({ length: next - start }, (_, i) => message(start + i));
          await own.send({ messages, idempotent: true, acks: ProduceAcks.ALL, compression: "lz4" });
        }
      };
      await Promise.all(pool.map(work));
    },
    close: async () => {
      await Promise.all(pool.map((own) => own.close()));
    },
  };
};

const recorded = ({ way, brokers, topic, producers }: Contestant): Load => {
  const folder = mkdtempSync(path.join(tmpdir(), "meter-throughput-"));
  const limits = { maxEvents: 2 * HELD, maxBytes: 256 * 1024 * 1024 };
  const client = new MeterClient({
    transport: kafkaTransport({ brokers, topic, producers, dedup: { windowMs: 86_400_000 } }),
    customerLookup: staticCustomers(Object.fromEntries(TENANTS.map((id) => [id, customerOf(id)]))),
    outbox: way === "sqlite" ? sqliteOutbox({ path: path.join(folder, "outbox.db") }) : memoryOutbox(limits),
    delivery: { onFull: "block", maxHeldEvents: HELD },
  });
  return {
    async run(from, events) {
      let earlier: Promise<unknown> = Promise.resolve();
      for (let n = from; n < from + events; n++) {
        const receipt = client.record(usage(n));
        // A service records between other work; and a producer that never stops waits when delivery is a good deal behind.
        if (n % EVENTS_BETWEEN_LOOKS === EVENTS_BETWEEN_LOOKS - 1) {
          await earlier;
          earlier = receipt.settled;
        }
        if (n % EVENTS_PER_TURN === EVENTS_PER_TURN - 1) await new Promise<void>((go) => setImmediate(go));
      }
      if (!(await client.flush({ timeoutMs: PATIENCE_MS }))) throw new Error("not delivered in time");
    },
    async close() {
      const { acknowledged, pending } = await client.stats();
      if (pending > 0) throw new Error(`${acknowledged} acknowledged, ${pending} pending`);
      await client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

if (import.meta.main) {
  // No caller waits for it any longer.
  process.once("disconnect", () => process.exit());
  const contestant: Contestant = JSON.parse(process.argv[2] ?? "{}");
  const load =
    contestant.way === "bare" || contestant.way === "raw"
      ? byHand(contestant, contestant.way === "raw")
      : recorded(contestant);
  await load.run(0, contestant.warmUp);
  const cpu = process.cpuUsage();
  const start = performance.now();
  await load.run(contestant.warmUp, contestant.events);
  const { user, system } = process.cpuUsage(cpu);
  const reading: Reading = { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
  process.send?.(reading);
  await load.close();
  process.disconnect?.();
}
