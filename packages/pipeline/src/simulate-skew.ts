// How evenly customers of very different size fall on partitions and on Flink's key groups, and how far the trace's busiest second is
// above its mean: `pnpm usage-pipeline skew`. Nothing runs; it is arithmetic over the real hash functions.

import { readTrace } from "@meter-lib/trace";
import { murmur2 } from "@platformatic/kafka";

const MAX_INT_32 = 0x7fffffff;
const CUSTOMERS = [1_000, 10_000, 100_000];
const PARTITIONS = [4, 16, 64, 256];

const partitionOf = (customer: string, partitions: number): number =>
  (murmur2(Buffer.from(customer)) & MAX_INT_32) % partitions;

/** Load of the busiest place as a multiple of the mean. */
const peakOf = (loads: readonly number[]): number =>
  Math.max(...loads) / (loads.reduce((sum, load) => sum + load, 0) / loads.length);

/** Customers share the traffic as 1, 1/2, 1/3 … (Zipf). */
const byCustomer = (customers: number, partitions: number): number => {
  const loads = new Array<number>(partitions).fill(0);
  for (let n = 1; n <= customers; n++) {
    const place = partitionOf(`cust_${n}`, partitions);
    loads[place] = (loads[place] ?? 0) + 1 / n;
  }
  return peakOf(loads);
};

/** Events by id, as the deduplication distributes them. */
const byEvent = (events: number, tasks: number): number => {
  const loads = new Array<number>(tasks).fill(0);
  for (let n = 0; n < events; n++) {
    const place = partitionOf(crypto.randomUUID(), tasks);
    loads[place] = (loads[place] ?? 0) + 1;
  }
  return peakOf(loads);
};

const share = (customers: number): number => {
  let sum = 0;
  for (let n = 1; n <= customers; n++) sum += 1 / n;
  return 1 / sum;
};

console.log("Busiest partition, as a multiple of the mean, keyed by customer:");
console.table(
  Object.fromEntries(
    CUSTOMERS.map((customers) => [
      `${customers} customers, the largest ${(share(customers) * 100).toFixed(1)} %`,
      Object.fromEntries(
        PARTITIONS.map((partitions) => [
          `${partitions} partitions`,
          byCustomer(customers, partitions).toFixed(2),
        ]),
      ),
    ]),
  ),
);
console.log("Busiest task of the dedup, keyed by event, 1,000,000 events:");
console.table(
  Object.fromEntries(PARTITIONS.map((tasks) => [`${tasks} tasks`, byEvent(1_000_000, tasks).toFixed(3)])),
);

const perSecond = new Map<number, number>();
const trace = readTrace();
for (const { time } of trace) {
  const second = Math.floor(time / 1000);
  perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
}
const seconds = [...perSecond.keys()];
const length = Math.max(...seconds) - Math.min(...seconds) + 1;
const mean = trace.length / length;
const perMinute = new Map<number, number>();
for (const [second, count] of perSecond) {
  const minute = Math.floor(second / 60);
  perMinute.set(minute, (perMinute.get(minute) ?? 0) + count);
}
console.log(
  `The trace: ${mean.toFixed(1)} requests/s over ${length} s; busiest second ${(Math.max(...perSecond.values()) / mean).toFixed(1)} times the mean, busiest minute ${(Math.max(...perMinute.values()) / 60 / mean).toFixed(1)} times`,
);
