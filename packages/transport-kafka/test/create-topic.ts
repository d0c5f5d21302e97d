import { Admin } from "@platformatic/kafka";

export interface NewTopic {
  readonly partitions: number;
  /** @default 1 */
  readonly replicas?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** Resolves when every partition of it has a leader that answers. */
export const createTopic = async (
  brokers: readonly string[],
  topic: string,
  { partitions, replicas = 1, configs = {} }: NewTopic,
): Promise<void> => {
  const admin = new Admin({
    clientId: "test",
    bootstrapBrokers: [...brokers],
    retries: 200,
    retryDelay: 50,
  });
  const list = Object.entries(configs).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [topic], partitions, replicas, configs: list });
  // Created is not yet known, and known is not yet led: asked until each partition answers.
  await admin.metadata({ topics: [topic] });
  const all = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
  await admin.listOffsets({ topics: [{ name: topic, partitions: all }] });
  await admin.close();
};
