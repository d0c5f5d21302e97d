// Delivered events per second and CPU per event, side by side: `pnpm bench [--rounds N] [--events N] [--only TEXT] [--json FILE]`.
import { type ChildProcess, fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { contestants } from "./contestants/index.ts";
import type { RunReport } from "./run-contestant.ts";

interface Reading {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly arrived: number;
  readonly bytesPerEvent: number;
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    events: { type: "string", default: "100000" },
    only: { type: "string", default: "" },
    json: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const wanted = Number(values.events);
const SINGLE_SHARE = 0.2;
const LONGEST_RUN_MS = 120_000;

const message = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code) => reject(new Error(`ended with code ${code}`)));
  });

const start = (file: string, args: readonly string[] = []): ChildProcess =>
  fork(new URL(file, import.meta.url), args, { execArgv: ["--conditions=source", "--no-warnings"] });

const isReport = (value: unknown): value is RunReport =>
  typeof value === "object" && value !== null && "cpuMicros" in value;

const numberIn = (value: unknown, name: string): number => {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof found !== "number") throw new Error(`the sink told no ${name}`);
  return found;
};

const sinkState = async (url: string) => {
  const state: unknown = await (await fetch(`${url}/sink`)).json();
  return {
    events: numberIn(state, "events"),
    bytes: numberIn(state, "bytes"),
    lastArrival: numberIn(state, "lastArrival"),
  };
};

const measure = async (name: string, events: number): Promise<Reading> => {
  const sink = start("sink.ts");
  const hello = await message(sink);
  const url = typeof hello === "object" && hello !== null && "url" in hello ? String(hello.url) : "";
  const child = start("run-contestant.ts", [name, url, String(Math.ceil(events / 10)), String(events)]);
  const tooLong = setTimeout(() => child.kill("SIGKILL"), LONGEST_RUN_MS);
  try {
    await message(child);
    const before = await sinkState(url);
    child.send("go");
    const report = await message(child);
    if (!isReport(report)) throw new Error("no report");
    const after = await sinkState(url);
    const arrived = after.events - before.events;
    return {
      perSecond: arrived / ((after.lastArrival - report.startedAt) / 1000),
      cpuMicros: report.cpuMicros / events,
      arrived,
      bytesPerEvent: (after.bytes - before.bytes) / Math.max(1, arrived),
    };
  } finally {
    clearTimeout(tooLong);
    child.kill();
    sink.kill();
  }
};

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const chosen = contestants.filter(({ name }) => name.includes(values.only));
const readings = new Map<string, Reading[]>(chosen.map(({ name }) => [name, []]));
for (let round = 1; round <= rounds; round++) {
  for (const { name } of chosen) {
    const events =
      name.includes("one event per POST") || name.includes(", events,") ? wanted * SINGLE_SHARE : wanted;
    try {
      const reading = await measure(name, events);
      readings.get(name)?.push(reading);
      console.error(
        `round ${round}: ${name}: ${Math.round(reading.perSecond)}/s, lost ${events - reading.arrived}`,
      );
    } catch (error) {
      console.error(`round ${round}: ${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

const limitOf = (name: string): string =>
  name.includes("one event per POST") || name.includes(", events,")
    ? "undici, one event per POST"
    : "undici, batches of 500";

/** Ratios within a round, so that a machine that is slow for a while is slow for both. */
const ratios = (name: string): readonly number[] => {
  const limit = readings.get(limitOf(name)) ?? [];
  return (readings.get(name) ?? []).flatMap((reading, round) => {
    const base = limit[round];
    return base === undefined ? [] : [reading.perSecond / base.perSecond];
  });
};

const table = chosen.map(({ name, promise }) => {
  const own = readings.get(name) ?? [];
  const shares = ratios(name);
  return {
    contestant: name,
    promise,
    "events/s": Math.round(median(own.map(({ perSecond }) => perSecond))),
    "of the limit": shares.length === 0 ? "" : median(shares).toFixed(2),
    spread: shares.length === 0 ? "" : `${Math.min(...shares).toFixed(2)}–${Math.max(...shares).toFixed(2)}`,
    "CPU µs/event": median(own.map(({ cpuMicros }) => cpuMicros)).toFixed(1),
    "bytes/event": Math.round(median(own.map(({ bytesPerEvent }) => bytesPerEvent))),
  };
});
console.table(table);
const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memory: totalmem(),
  node: process.version,
  date: new Date().toISOString(),
};
console.log(JSON.stringify(machine));
if (values.json !== undefined)
  writeFileSync(
    values.json,
    JSON.stringify(
      { machine, rounds, events: wanted, readings: Object.fromEntries(readings), table },
      undefined,
      2,
    ),
  );
