import { murmur2 } from "@platformatic/kafka";

const MAX_INT_32 = 0x7fffffff;

/**
 * The partition of a key, the same that Kafka's Java client takes, so that what other producers write for a customer lands beside
 * it: https://kafka.apache.org/documentation/#producerconfigs_partitioner.class
 */
export const partitionOf = (key: Buffer, partitions: number): number =>
  (murmur2(key) & MAX_INT_32) % partitions;
