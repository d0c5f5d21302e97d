import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Admin } from "@platformatic/kafka";
import { freePort } from "../../../scripts/test/free-port.ts";
import { createTopic, type NewTopic } from "./create-topic.ts";
import { kafkaJava } from "./kafka-java.ts";
import { type KafkaNode, kafkaNode, newClusterId } from "./kafka-node.ts";
import { type StoredRecord, TopicReader } from "./topic-reader.ts";

const NODES = 3;
const LOOK_EVERY_MS = 50;

/** Three Kafka nodes on 127.0.0.1, each a process of its own: one may go, and leaders move. */
export interface Cluster {
  readonly addresses: readonly string[];
  readonly nodes: readonly KafkaNode[];
  createTopic(topic: string, options: NewTopic): Promise<void>;
  /** The nodes that lead partitions of the topic, the one that leads most of them first. */
  leadersOf(topic: string): Promise<readonly KafkaNode[]>;
  /** Everything committed in the topic, read by Kafka's Java consumer once all nodes are in sync. */
  read(topic: string): Promise<readonly StoredRecord[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Resolves when all nodes serve. */
export const startCluster = async (folder: string): Promise<Cluster> => {
  const clusterId = newClusterId();
  const controllerPorts = new Map<number, number>();
  for (let id = 1; id <= NODES; id++) controllerPorts.set(id, await freePort());
  const nodes = await Promise.all(
    [...controllerPorts.keys()].map(async (id) =>
      kafkaNode({
        folder: path.join(folder, `node-${id}`),
        id,
        clusterId,
        controllerPorts,
        listeners: [{ name: "PLAIN", port: await freePort() }],
      }),
    ),
  );
  const addresses = nodes.map(({ address }) => address);
  const reader = new TopicReader(addresses.join(","), await kafkaJava());
  // Together: alone, none of them would be ready.
  await Promise.all(nodes.map((node) => node.start()));
  return {
    addresses,
    nodes,
    createTopic: (topic, options) => createTopic(addresses, topic, options),
    async leadersOf(topic) {
      const admin = new Admin({ clientId: "test", bootstrapBrokers: [...addresses] });
      const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
      await admin.close();
      const byLeader = Map.groupBy(topics.get(topic)?.partitions ?? [], ({ leader }) => leader);
      return [...byLeader]
        .toSorted(([, a], [, b]) => b.length - a.length)
        .flatMap(([leader]) => nodes.filter(({ id }) => id === leader));
    },
    async read(topic) {
      await untilInSync(addresses, topic);
      return reader.read(topic);
    },
    async [Symbol.asyncDispose]() {
      reader.end();
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    },
  };
};

/** A node that comes back may take itself for the leader of long ago, and has only what it had then. */
const untilInSync = async (addresses: readonly string[], topic: string): Promise<void> => {
  const admins = addresses.map((address) => new Admin({ clientId: "test", bootstrapBrokers: [address] }));
  try {
    for (;;) {
      const [first = [], ...others] = await Promise.all(
        admins.map(async (admin) => {
          const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
          const partitions = topics.get(topic)?.partitions ?? [];
          return partitions.map(({ leader, leaderEpoch, isr }) => ({ leader, leaderEpoch, isr: isr.length }));
        }),
      );
      const areAllIn = first.length > 0 && first.every(({ isr }) => isr === NODES);
      if (areAllIn && others.every((other) => isDeepStrictEqual(other, first))) return;
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    await Promise.all(admins.map((admin) => admin.close()));
  }
};
