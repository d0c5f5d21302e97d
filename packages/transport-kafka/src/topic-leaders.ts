import type { Broker } from "@platformatic/kafka";
import * as v from "valibot";

/** The partitions of a topic and their leaders, as last reported by the cluster. */
export interface TopicLeaders {
  readonly partitions: number;
  /** All brokers of the cluster. */
  readonly brokers: readonly Broker[];
  /** Returns the leader of a partition, or undefined while it has none. */
  leaderOf(partition: number): Broker | undefined;
}

// https://kafka.apache.org/protocol#The_Messages_Metadata
const schema = v.object({
  brokers: v.array(v.object({ nodeId: v.number(), host: v.string(), port: v.number() })),
  topics: v.tuple([
    v.object({
      errorCode: v.literal(0),
      partitions: v.array(v.object({ partitionIndex: v.number(), leaderId: v.number() })),
    }),
  ]),
});

/**
 * @param answer - to a metadata request for this one topic. It may say that some partitions have no leader: the others have one
 * @returns undefined when it does not describe the topic
 */
export const topicLeaders = (answer: unknown): TopicLeaders | undefined => {
  const { success, output } = v.safeParse(schema, answer);
  if (!success) return undefined;
  const brokers = new Map(output.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
  const [{ partitions }] = output.topics;
  const leaders = new Map(
    partitions.map(({ partitionIndex, leaderId }) => [partitionIndex, brokers.get(leaderId)]),
  );
  return {
    partitions: leaders.size,
    brokers: [...brokers.values()],
    leaderOf: (partition) => leaders.get(partition),
  };
};
