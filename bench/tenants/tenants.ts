import { Child, numberIn } from "../harness/child.ts";
import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";
import { SinkProcess } from "../harness/sink-process.ts";
import { median, spread } from "../harness/statistics.ts";
import { targetsTable } from "../harness/targets.ts";
import type { OwnSetup } from "../throughput/contestants/meter-lib.ts";

const TENANTS = [1, 10, 100, 10_000];
const OUTBOXES: readonly OwnSetup["outbox"][] = ["memory", "SQLite"];

interface Cost {
  readonly cpuMicrosPerEvent: number;
  /** To meet a tenant for the first time: its customer is looked up over HTTP. */
  readonly cpuMicrosPerNewTenant: number;
}

/** What many tenants cost beside one. */
export const tenants: Measure = {
  name: "tenants",
  about: "CPU per event with 1, 10, 100 and 10,000 tenants",
  defaults: { rounds: 3, events: 100_000 },
  run: async ({ rounds, events }) => {
    const readings = new Map<string, Cost[]>();
    for (let round = 1; round <= rounds; round++) {
      for (const outbox of OUTBOXES) {
        for (const count of TENANTS) {
          const key = keyOf(outbox, count);
          readings.set(key, [...(readings.get(key) ?? []), await take(outbox, count, events)]);
        }
      }
    }
    return {
      tables: [
        { rows: OUTBOXES.flatMap((outbox) => TENANTS.map((count) => rowOf(outbox, count, readings))) },
        ...targetsTable(
          OUTBOXES.map((outbox) => ({
            what: `CPU with 10,000 tenants over that with one, ${outbox}`,
            reading: median(growth(outbox, 10_000, readings)),
            bound: 1.15,
            is: "at most",
          })),
        ),
      ],
      notes: [
        "All threads of the process, kafka-rest. Every tenant was met before, so that its customer is known; what that took stands in the last column.",
      ],
      readings: Object.fromEntries(readings),
    };
  },
};

const keyOf = (outbox: string, count: number): string => `${outbox}, ${count} tenants`;

const take = async (outbox: string, count: number, events: number): Promise<Cost> => {
  await using sink = await SinkProcess.start();
  await using child = new Child(import.meta.resolve("./run-tenants.ts"), {
    args: [outbox, count, sink.url, events],
  });
  const report = await child.next();
  return {
    cpuMicrosPerEvent: numberIn(report, "cpuMicros") / events,
    cpuMicrosPerNewTenant: numberIn(report, "firstCpuMicros") / count,
  };
};

type Readings = ReadonlyMap<string, readonly Cost[]>;

/** Cost with so many tenants over that with one, round by round. */
const growth = (outbox: string, count: number, readings: Readings): readonly number[] => {
  const one = readings.get(keyOf(outbox, 1)) ?? [];
  return (readings.get(keyOf(outbox, count)) ?? []).map(
    ({ cpuMicrosPerEvent }, round) => cpuMicrosPerEvent / (one[round]?.cpuMicrosPerEvent ?? Number.NaN),
  );
};

const rowOf = (outbox: string, count: number, readings: Readings): Row => {
  const own = readings.get(keyOf(outbox, count)) ?? [];
  const ratios = growth(outbox, count, readings);
  return {
    outbox,
    tenants: count,
    "CPU µs/event": median(own.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)).toFixed(1),
    "÷ one tenant": median(ratios).toFixed(2),
    spread: spread(ratios, 2),
    "CPU µs/new tenant": median(own.map(({ cpuMicrosPerNewTenant }) => cpuMicrosPerNewTenant)).toFixed(0),
  };
};
