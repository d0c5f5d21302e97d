import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Measure } from "../harness/measure.ts";
import type { Row, Table } from "../harness/report.ts";
import { contestants } from "../throughput/contestants/index.ts";
import { takeReading } from "../throughput/take-reading.ts";
import { type SelfTime, selfTimes } from "./self-times.ts";

const DEFAULT = "meter-lib record, kafka-rest";
const FUNCTIONS = 12;
const SMALLEST_SHARE = 0.005;

/** Where the time goes, thread by thread. */
export const profile: Measure = {
  name: "profile",
  about: `where a contestant's time goes, by package and by function; without --only, "${DEFAULT}"`,
  defaults: { events: 1_000_000 },
  chooses: true,
  run: async ({ events, only }) => {
    const tables: Table[] = [];
    for (const { name } of contestants.filter((each) => each.name.includes(only === "" ? DEFAULT : only)))
      tables.push(...(await take(name, events)));
    return {
      tables,
      notes: [
        "Shares of the time that the thread works, waiting left out; the process's start is in it. " +
          "Of a worker that ends with its process Node writes no profile.",
      ],
    };
  },
};

const take = async (name: string, events: number): Promise<readonly Table[]> => {
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-bench-"));
  try {
    await takeReading(name, events, ["--cpu-prof", `--cpu-prof-dir=${folder}`]);
    return globSync(join(folder, "*.cpuprofile"))
      .sort()
      .flatMap((file) => {
        // CPU.date.time.process.thread.number: the main thread is 0.
        const thread = basename(file).split(".")[4] === "0" ? "main thread" : "worker";
        const times = selfTimes(JSON.parse(readFileSync(file, "utf8")));
        return [
          { title: `${name}, ${thread}, by package`, rows: byPackage(times) },
          { title: `${name}, ${thread}, by function`, rows: byFunction(times) },
        ];
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const total = (times: readonly SelfTime[]): number => times.reduce((sum, { micros }) => sum + micros, 0);

const share = (micros: number, of: number): string => `${((micros / of) * 100).toFixed(1)} %`;

const byPackage = (times: readonly SelfTime[]): readonly Row[] => {
  const sums = new Map<string, number>();
  for (const time of times) sums.set(packageOf(time), (sums.get(packageOf(time)) ?? 0) + time.micros);
  return [...sums]
    .filter(([, micros]) => micros / total(times) >= SMALLEST_SHARE)
    .sort(([, a], [, b]) => b - a)
    .map(([name, micros]) => ({ package: name, share: share(micros, total(times)) }));
};

const byFunction = (times: readonly SelfTime[]): readonly Row[] =>
  times.slice(0, FUNCTIONS).map((time) => ({
    function: time.name === "" ? "(no name)" : time.name,
    package: packageOf(time),
    line: time.url === "" ? "" : `${basename(time.url)}:${time.line}`,
    share: share(time.micros, total(times)),
  }));

const packageOf = ({ name, url }: SelfTime): string => {
  if (url.startsWith("node:")) return "Node";
  const installed = url.split("/node_modules/").at(-1);
  if (installed !== undefined && installed !== url)
    return installed
      .split("/")
      .slice(0, installed.startsWith("@") ? 2 : 1)
      .join("/");
  const own = /\/(packages\/[^/]+|bench)\//.exec(url)?.[1];
  if (own !== undefined) return own;
  return name === "(garbage collector)" ? "garbage collector" : "V8 and Node's C++";
};
