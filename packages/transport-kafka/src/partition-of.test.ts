import { expect, test } from "vitest";
import { partitionOf } from "./partition-of.ts";

// Kafka's own vectors (UtilsTest.testMurmur2), as the partition of 2^31 − 1: https://github.com/apache/kafka
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("the hash of %s is Kafka's", (key, hash) => {
  const positive = hash & 0x7fffffff;
  expect(partitionOf(Buffer.from(key), 2 ** 31 - 1)).toBe(positive % (2 ** 31 - 1));
  expect(partitionOf(Buffer.from(key), 12)).toBe(positive % 12);
});
