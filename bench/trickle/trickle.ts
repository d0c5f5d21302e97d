import { Child, numberIn } from "../harness/child.ts";
import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";
import { SinkProcess } from "../harness/sink-process.ts";
import { median, spread } from "../harness/statistics.ts";

const OUTBOXES = ["memory", "SQLite"];

interface Cost {
  readonly cpuMicrosPerEvent: number;
  readonly cores: number;
}

/** What a service pays whose events come one by one. */
export const trickle: Measure = {
  name: "trickle",
  about: "CPU per event when one comes about every millisecond",
  defaults: { rounds: 3, events: 4_000 },
  run: async ({ rounds, events }) => {
    const readings = new Map<string, Cost[]>(OUTBOXES.map((outbox) => [outbox, []]));
    for (let round = 1; round <= rounds; round++)
      for (const outbox of OUTBOXES) readings.get(outbox)?.push(await take(outbox, events));
    return {
      tables: [{ rows: [...readings].map(([outbox, own]) => rowOf(outbox, own)) }],
      notes: ["All threads of the process, kafka-rest, `record()` without waiting for its receipt."],
      readings: Object.fromEntries(readings),
    };
  },
};

const take = async (outbox: string, events: number): Promise<Cost> => {
  await using sink = await SinkProcess.start();
  await using child = new Child(import.meta.resolve("./run-trickle.ts"), {
    args: [outbox, sink.url, events],
  });
  const report = await child.next();
  return {
    cpuMicrosPerEvent: numberIn(report, "cpuMicros") / events,
    cores: numberIn(report, "cpuMicros") / numberIn(report, "micros"),
  };
};

const rowOf = (outbox: string, readings: readonly Cost[]): Row => {
  const micros = readings.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent);
  return {
    outbox,
    "CPU µs/event": median(micros).toFixed(0),
    spread: spread(micros, 0),
    "cores used": median(readings.map(({ cores }) => cores)).toFixed(2),
  };
};
