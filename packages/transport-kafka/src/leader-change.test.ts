import { setInterval } from "node:timers/promises";
import { MeterClient } from "@meter-lib/core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Cluster, startCluster } from "../test/cluster.ts";
import { whyNoJava } from "../test/java-home.ts";
import type { KafkaNode } from "../test/kafka-node.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { type Watched, watchedTransport } from "../test/watched-transport.ts";
import { kafkaTransport } from "./kafka-transport.ts";

const missing = await whyNoJava();
if (missing !== undefined) console.warn(`Kafka tests skipped: ${missing}`);

const START_MS = 180_000;
const TEST_MS = 180_000;
const PATIENCE_MS = 60_000;
const EVENTS = 10_000;
const PACE_MS = 20;
const EVENTS_AT_ONCE = 50;
const TOO_FEW = /^retry: NOT_ENOUGH_REPLICAS:/;

/** What a fault can lay hands on. */
interface Scene {
  /** The node that leads most partitions first; each leads some. */
  readonly nodes: readonly [KafkaNode, KafkaNode, KafkaNode];
  readonly client: MeterClient;
  /** What the client's transport has said so far. */
  readonly said: Watched;
}

describe.skipIf(missing !== undefined)(`leaders that change${missing ? ` (${missing})` : ""}`, () => {
  let cluster: Cluster;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let topics = 0;

  beforeAll(async () => {
    folder = await temporaryFolder();
    cluster = await startCluster(folder.path);
  }, START_MS);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /**
   * Records at an even pace while `fault` goes on, and at least EVENTS; then the topic must hold what was recorded, and twice only
   * what the transport declared unsure.
   */
  const recordThrough = async (
    fault: (scene: Scene) => Promise<void>,
    { timeoutMs = PATIENCE_MS, replicasInSync = 2 } = {},
  ): Promise<Watched> => {
    const topic = `leaders-${topics++}`;
    await cluster.createTopic(topic, {
      partitions: 4,
      replicas: 3,
      configs: { "min.insync.replicas": `${replicasInSync}` },
    });
    const said = watchedTransport(
      kafkaTransport({ brokers: cluster.addresses, topic, timeoutMs, dedup: { windowMs: 86_400_000 } }),
    );
    const client = new MeterClient({
      transport: said.transport,
      customerLookup: {
        lookup: async (tenant) => ({ state: "found", customer_id: `customer-of-${tenant}` }),
      },
      delivery: { lingerMs: 5, onFull: "block", retryCapMs: 1_000 },
      timeoutMs,
    });
    const strike = async () => {
      // The fault meets a client that delivers.
      await vi.waitUntil(() => said.outcomes.acknowledged > 0, { timeout: PATIENCE_MS });
      const [first, second, third] = await cluster.leadersOf(topic);
      if (first === undefined || second === undefined || third === undefined) {
        throw new Error("a node leads nothing");
      }
      await fault({ nodes: [first, second, third], client, said });
    };
    let isOver = false;
    const over = strike().finally(() => {
      isOver = true;
    });
    // Awaited below, after the last event.
    over.catch(() => {});
    const recorded: string[] = [];
    for await (const _ of setInterval(PACE_MS)) {
      const receipts = Array.from({ length: EVENTS_AT_ONCE }, (_, i) =>
        client.record({
          tenant_id: `tenant-${(recorded.length + i) % 23}`,
          device_id: "device-1",
          meter_id: "page.processed.basic",
          total_usage: 1,
        }),
      );
      recorded.push(...receipts.map(({ event_id }) => event_id));
      await Promise.all(receipts.map(({ durable }) => durable));
      if (isOver && recorded.length >= EVENTS) break;
    }
    await over;
    expect(await client.flush({ timeoutMs: PATIENCE_MS })).toBe(true);
    await client.close();

    const stored = (await cluster.read(topic)).map(
      ({ headers }) => new Map(headers).get("meter.event_id") ?? "no id",
    );
    const doubled = [...Map.groupBy(stored, (id) => id)]
      .filter(([, all]) => all.length > 1)
      .map(([id]) => id);
    expect([...new Set(stored)].toSorted()).toEqual(recorded.toSorted());
    expect(doubled.filter((id) => !said.unsure.has(id))).toEqual([]);
    expect(said.outcomes).toMatchObject({ acknowledged: recorded.length, rejected: 0 });
    return said;
  };

  test(
    "a leader hands over and comes back: nothing is in doubt",
    async () => {
      const { outcomes } = await recordThrough(async ({ nodes: [leader] }) => {
        await leader.stop();
        await leader.start();
      });
      expect(outcomes.unsure).toBe(0);
    },
    TEST_MS,
  );

  test(
    "a leader is killed and comes back: its successors know what it had taken",
    async () => {
      const { outcomes } = await recordThrough(async ({ nodes: [leader] }) => {
        await leader.kill();
        await leader.start();
      });
      expect(outcomes.unsure).toBe(0);
    },
    TEST_MS,
  );

  test(
    "a leader falls silent: its successors are asked, and delivery goes on without it",
    async () => {
      await recordThrough(
        async ({ nodes: [leader], client }) => {
          leader.freeze();
          expect(await client.flush({ timeoutMs: PATIENCE_MS })).toBe(true);
          leader.thaw();
        },
        { timeoutMs: 15_000 },
      );
    },
    TEST_MS,
  );

  test(
    "with fewer replicas in sync than required, events wait",
    async () => {
      // All three are required: one that leaves is too few, and the two that stay can still agree on it.
      const { outcomes } = await recordThrough(
        async ({ nodes: [leader], said }) => {
          await leader.stop();
          await vi.waitUntil(() => [...said.reasons.keys()].some((reason) => TOO_FEW.test(reason)), {
            timeout: PATIENCE_MS,
          });
          await leader.start();
        },
        // What was appended before is in doubt until all three are back, however long that takes.
        { replicasInSync: 3, timeoutMs: TEST_MS },
      );
      expect(outcomes.retry).toBeGreaterThan(0);
      expect(outcomes.unsure).toBe(0);
    },
    TEST_MS,
  );
});
