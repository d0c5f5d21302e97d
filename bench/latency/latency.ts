import { Child, numberIn } from "../harness/child.ts";
import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";
import { SinkProcess } from "../harness/sink-process.ts";
import { median, spread } from "../harness/statistics.ts";
import { type Target, targetsTable } from "../harness/targets.ts";

const EVENTS_PER_SECOND = 100_000;

/** Recorded by a call that returns at once; the first is no client at all, and shows what the machine and the clock add. */
const CALLS = [
  "nothing",
  "meter-lib record, kafka-rest, memory",
  "meter-lib record, kafka-rest, SQLite",
  "posthog-node, tuned",
  "Segment analytics-node, tuned",
];

/** What the caller waits for. */
export const latency: Measure = {
  name: "latency",
  about: "how long record() takes at 100,000 a second, and the longest stall of the event loop",
  defaults: { rounds: 3, events: 200_000 },
  chooses: true,
  run: async ({ rounds, events, only }) => {
    const chosen = CALLS.filter((name) => name.includes(only) || name === "nothing");
    const readings = new Map<string, Latency[]>(chosen.map((name) => [name, []]));
    for (let round = 1; round <= rounds; round++) {
      for (const name of chosen) readings.get(name)?.push(await take(name, events));
    }
    return {
      tables: [
        { rows: chosen.map((name) => rowOf(name, readings.get(name) ?? [])) },
        ...targetsTable(targets(readings)),
      ],
      notes: [
        "Medians of the rounds; spread of the first column. " +
          "The median call is timed in runs of 100, so that reading the clock does not count; the others call by call.",
      ],
      readings: Object.fromEntries(readings),
    };
  },
};

interface Latency {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly stallMs: number;
}

const targets = (readings: ReadonlyMap<string, readonly Latency[]>): readonly Target[] => {
  const own = readings.get("meter-lib record, kafka-rest, memory") ?? [];
  const target = (what: string, field: keyof Latency, bound: number): Target => ({
    what,
    reading: median(own.map((reading) => reading[field])),
    bound,
    is: "at most",
  });
  return [
    target("record(), memory: median, µs", "p50", 0.6),
    target("record(), memory: p99.9, µs", "p999", 30),
    target("longest stall of the event loop, ms", "stallMs", 10),
  ];
};

const take = async (name: string, events: number): Promise<Latency> => {
  await using sink = await SinkProcess.start();
  await using child = new Child(import.meta.resolve("./time-calls.ts"), {
    args: [name, sink.url, events, EVENTS_PER_SECOND],
  });
  const report = await child.next();
  return {
    perSecond: numberIn(report, "perSecond"),
    p50: numberIn(report, "p50"),
    p99: numberIn(report, "p99"),
    p999: numberIn(report, "p999"),
    max: numberIn(report, "max"),
    stallMs: numberIn(report, "stallMs"),
  };
};

const rowOf = (name: string, readings: readonly Latency[]): Row => {
  const of = (field: keyof Latency, digits: number) =>
    median(readings.map((reading) => reading[field])).toFixed(digits);
  return {
    call: name,
    "p50 µs": of("p50", 2),
    spread: spread(
      readings.map(({ p50 }) => p50),
      2,
    ),
    "p99 µs": of("p99", 1),
    "p99.9 µs": of("p999", 1),
    "max µs": of("max", 0),
    "event loop stall, max ms": of("stallMs", 1),
    "calls/s reached": Math.round(median(readings.map(({ perSecond }) => perSecond))),
  };
};
