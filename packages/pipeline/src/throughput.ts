// Events per second from `record()` into Kafka, as ratios to @platformatic/kafka alone in the same round:
// `pnpm usage-pipeline throughput [--events 100000] [--rounds 3] [--producers 1,2,4] [--ways raw,memory]`.
import { fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startBroker } from "../../transport-kafka/test/broker.ts";
import { whyNoJava } from "../../transport-kafka/test/java-home.ts";
import type { Contestant, Reading, Way } from "./throughput-contestant.ts";

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    producers: { type: "string", default: "1,2,4" },
    ways: { type: "string", default: "bare,raw,memory,sqlite" },
    profile: { type: "string" },
  },
});
const CONTESTANT = fileURLToPath(new URL("throughput-contestant.ts", import.meta.url));
const PARTITIONS = 8;
const LONGEST_RUN_MS = 180_000;
const ALL_WAYS: readonly Way[] = ["bare", "raw", "memory", "sqlite"];
const events = Number(values.events);
const ways = ALL_WAYS.filter((way) => values.ways.split(",").includes(way));
const counts = values.producers.split(",").map(Number);

const missing = await whyNoJava();
if (missing !== undefined) {
  console.log(`skipped: ${missing}`);
  process.exit(0);
}
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const isReading = (value: unknown): value is Reading =>
  typeof value === "object" && value !== null && "cpuSeconds" in value;

const measure = async (contestant: Contestant): Promise<Reading> => {
  const profile = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const child = fork(CONTESTANT, [JSON.stringify(contestant)], {
    execArgv: ["--conditions=source", "--no-warnings", ...profile],
  });
  const tooLong = setTimeout(() => child.kill("SIGKILL"), LONGEST_RUN_MS);
  const ended = once(child, "exit");
  let reading: unknown;
  child.on("message", (message) => {
    reading = message;
  });
  const [code] = await ended;
  clearTimeout(tooLong);
  if (code !== 0 || !isReading(reading)) throw new Error(`${contestant.way} ended with ${code}`);
  return reading;
};

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const folder = await mkdtemp(path.join(tmpdir(), "meter-throughput-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const broker = await startBroker({ folder });
const readings = new Map<string, Reading[]>();
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const producers of counts) {
      for (const way of ways) {
        const topic = `${way}-${producers}-${round}`;
        await broker.createTopic(topic, PARTITIONS);
        const reading = await measure({
          way,
          brokers: [broker.address],
          topic,
          partitions: PARTITIONS,
          producers,
          warmUp: Math.ceil(events / 5),
          events,
        });
        const key = `${way} ${producers}`;
        readings.set(key, [...(readings.get(key) ?? []), reading]);
      }
    }
  }
} finally {
  await broker.kill();
}

const of = (way: Way, producers: number): readonly Reading[] => readings.get(`${way} ${producers}`) ?? [];
/** Within a round, so that a machine that is slow for a while is slow for both. */
const ratioTo = (base: readonly Reading[], own: readonly Reading[]): string => {
  const ratios = own.flatMap(({ seconds }, round) => {
    const other = base[round];
    return other === undefined ? [] : [other.seconds / seconds];
  });
  return ratios.length === 0 ? "" : median(ratios).toFixed(2);
};
console.log(
  `${new Date().toISOString()}, ${cpus().length} × ${cpus()[0]?.model}, node ${process.version}, load average ${loadavg()[0]?.toFixed(1)}, ${events} events, ${values.rounds} rounds, medians`,
);
console.table(
  counts.flatMap((producers) =>
    ways.map((way) => ({
      way,
      producers,
      "events/s": Math.round(median(of(way, producers).map(({ seconds }) => events / seconds))),
      "to raw": ratioTo(of("raw", producers), of(way, producers)),
      "to one producer": ratioTo(of(way, counts[0] ?? 1), of(way, producers)),
      "CPU µs/event": median(of(way, producers).map(({ cpuSeconds }) => (cpuSeconds / events) * 1e6)).toFixed(
        1,
      ),
    })),
  ),
);
