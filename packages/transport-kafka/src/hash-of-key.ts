import { murmur2 } from "@platformatic/kafka";

const MAX_INT_32 = 0x7fffffff;

/**
 * What Kafka's Java client takes a key's partition from, as the remainder by their number, so that what other producers write for a
 * customer lands beside it: https://kafka.apache.org/documentation/#producerconfigs_partitioner.class
 */
export const hashOfKey = (key: Buffer): number => murmur2(key) & MAX_INT_32;
