import { murmur2 } from "@platformatic/kafka";

const MAX_INT_32 = 0x7fffffff;

/**
 * Hashes a key like Kafka's Java client, whose partition is the remainder by the number of partitions. Events of other producers for the
 * same customer go to the same partition: https://kafka.apache.org/documentation/#producerconfigs_partitioner.class
 */
export const hashOfKey = (key: Buffer): number => murmur2(key) & MAX_INT_32;
