import { expect, test } from "vitest";
import { hashOfKey } from "./hash-of-key.ts";

// Kafka's own vectors (UtilsTest.testMurmur2): https://github.com/apache/kafka
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("the hash of %s is Kafka's", (key, hash) => {
  expect(hashOfKey(Buffer.from(key))).toBe(hash & 0x7fffffff);
});
