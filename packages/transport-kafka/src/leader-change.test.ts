import { setInterval } from "node:timers/promises";
import { MeterClient } from "@meter-lib/core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { outgoingEvent } from "../../transport-fetch/test/outgoing-event.ts";
import { type Cluster, startCluster } from "../test/cluster.ts";
import { whyNoJava } from "../test/java-home.ts";
import type { KafkaNode } from "../test/kafka-node.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { type Watched, watchedTransport } from "../test/watched-transport.ts";
import { kafkaTransport } from "./kafka-transport.ts";

const missing = await whyNoJava();
if (missing !== undefined) console.warn(`Kafka tests skipped: ${missing}`);

const PATIENCE_MS = 60_000;
/** At least; the fault may take longer. */
const EVENTS = 1_000;
const PACE_MS = 20;
const EVENTS_AT_ONCE = 10;
const TENANTS = Array.from({ length: 23 }, (_, i) => `tenant-${i}`);
/** Shorter than the fault: a record that was appended before it is in doubt until its end. */
const PROBE_MS = 5_000;

/** What a fault can lay hands on. */
interface Scene {
  /** The node that leads most partitions. */
  readonly leader: KafkaNode;
  readonly client: MeterClient;
  /** What the client's transport has said so far. */
  readonly said: Watched;
  /** Sends to every partition through another transport; true when each refuses for want of replicas. */
  tooFewReplicas(): Promise<boolean>;
  /** Resolves when nothing is recorded any more and nothing is on its way; the function that it gives lets it go on. */
  hold(): Promise<() => void>;
}

const PROBE = "probe";

describe.skipIf(missing !== undefined)(`leaders that change${missing ? ` (${missing})` : ""}`, () => {
  let cluster: Cluster;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let topics = 0;

  beforeAll(async () => {
    folder = await temporaryFolder();
    cluster = await startCluster(folder.path);
  });
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
    const probe = kafkaTransport({ brokers: cluster.addresses, topic, timeoutMs: PROBE_MS, producers: 1 });
    const tooFewReplicas = async (): Promise<boolean> => {
      const events = TENANTS.map((tenant_id) => outgoingEvent({ tenant_id, event_id: PROBE }));
      const { outcomes = [] } = await probe.send(
        { events },
        { signal: new AbortController().signal, deadline: 0 },
      );
      return (
        outcomes.length > 0 &&
        outcomes.every(
          (outcome) => outcome.state === "retry" && outcome.reason.startsWith("NOT_ENOUGH_REPLICAS:"),
        )
      );
    };
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
      const [leader] = await cluster.leadersOf(topic);
      if (leader === undefined) throw new Error("no node leads");
      await fault({ leader, client, said, tooFewReplicas, hold });
    };
    let isHeld = false;
    const hold = async () => {
      isHeld = true;
      expect(await client.flush({ timeoutMs: PATIENCE_MS })).toBe(true);
      return () => {
        isHeld = false;
      };
    };
    let isOver = false;
    const over = strike().finally(() => {
      isOver = true;
    });
    // Awaited below, after the last event.
    over.catch(() => {});
    const recorded: string[] = [];
    for await (const _ of setInterval(PACE_MS)) {
      if (isHeld) continue;
      const receipts = Array.from({ length: EVENTS_AT_ONCE }, (_, i) =>
        client.record({
          tenant_id: TENANTS[(recorded.length + i) % TENANTS.length] ?? "",
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
    await probe[Symbol.asyncDispose]?.();

    const stored = (await cluster.read(topic))
      .map(({ headers }) => new Map(headers).get("meter.event_id") ?? "no id")
      .filter((id) => id !== PROBE);
    const doubled = [...Map.groupBy(stored, (id) => id)]
      .filter(([, all]) => all.length > 1)
      .map(([id]) => id);
    expect([...new Set(stored)].toSorted()).toEqual(recorded.toSorted());
    expect(doubled.filter((id) => !said.unsure.has(id))).toEqual([]);
    expect(said.outcomes).toMatchObject({ acknowledged: recorded.length, rejected: 0 });
    return said;
  };

  test("a leader hands over and comes back: nothing is in doubt", async () => {
    const { outcomes } = await recordThrough(async ({ leader }) => {
      await leader.stop();
      await leader.start();
    });
    expect(outcomes.unsure).toBe(0);
  });

  test("a leader is killed and comes back: its successors know what it had taken", async () => {
    const { outcomes } = await recordThrough(async ({ leader }) => {
      await leader.kill();
      await leader.start();
    });
    expect(outcomes.unsure).toBe(0);
  });

  test("a leader falls silent: its successors are asked, and delivery goes on without it", async () => {
    await recordThrough(
      async ({ leader, client }) => {
        leader.freeze();
        expect(await client.flush({ timeoutMs: PATIENCE_MS })).toBe(true);
        leader.thaw();
      },
      { timeoutMs: 15_000 },
    );
  });

  test("with fewer replicas in sync than required, events wait", async () => {
    // All three are required: one that leaves is too few, and the two that stay still agree on it. What is on its way meanwhile would be
    // appended by some and in doubt, so nothing is.
    const { outcomes } = await recordThrough(
      async ({ leader, said, tooFewReplicas, hold }) => {
        const goOn = await hold();
        await leader.stop();
        await vi.waitUntil(tooFewReplicas, { timeout: PATIENCE_MS });
        goOn();
        await vi.waitUntil(() => said.outcomes.retry > 0, { timeout: PATIENCE_MS });
        await leader.start();
      },
      { replicasInSync: 3 },
    );
    expect(outcomes.retry).toBeGreaterThan(0);
    expect(outcomes.unsure).toBe(0);
  });
});
