import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import type { Measure } from "../harness/measure.ts";
import { UsageError } from "../harness/settings.ts";
import { SinkProcess } from "../harness/sink-process.ts";
import { median, spread } from "../harness/statistics.ts";
import { targetsTable } from "../harness/targets.ts";
import { STARTERS, type Starter } from "./starters.ts";

const run = promisify(execFile);
const FOLDER = new URL("..", import.meta.url);
const BUILT = new URL("node_modules/meter-lib/dist/index.js", FOLDER);
const EMPTY = "an empty process";

/** What a process pays once: it matters to functions that start for each request, and to command lines. */
export const start: Measure = {
  name: "start",
  about: "cold import, and time to the first delivered event, of the built packages",
  defaults: { rounds: 11 },
  chooses: true,
  run: async ({ rounds, only }) => {
    if (!existsSync(BUILT)) throw new UsageError("the packages are not built: run `pnpm build` first");
    await using sink = await SinkProcess.start();
    const chosen = STARTERS.filter(({ name }) => name.includes(only));
    const empty: number[] = [];
    const readings = new Map<string, { readonly imports: number[]; readonly first: number[] }>(
      chosen.map(({ name }) => [name, { imports: [], first: [] }]),
    );
    for (let round = 1; round <= rounds; round++) {
      empty.push(await milliseconds("", sink.url));
      for (const { name, imports, first } of chosen) {
        const own = readings.get(name);
        own?.imports.push(await milliseconds(imports, sink.url));
        own?.first.push(await milliseconds(`${imports}\n${first}`, sink.url));
      }
    }
    const base = median(empty);
    const overEmpty = (name: string, kind: "imports" | "first") =>
      (readings.get(name)?.[kind] ?? []).map((ms) => ms - base);
    const rowOf = ({ name }: Starter) => {
      const over = (kind: "imports" | "first") => overEmpty(name, kind);
      return {
        client: name,
        "import ms": median(over("imports")).toFixed(1),
        "import spread": spread(over("imports"), 1),
        "first event ms": median(over("first")).toFixed(1),
        "event spread": spread(over("first"), 1),
      };
    };
    return {
      tables: [
        { rows: chosen.map(rowOf) },
        ...targetsTable([
          {
            what: "cold import of meter-lib, ms",
            reading: median(overEmpty("meter-lib, post", "imports")),
            bound: 15,
            is: "at most",
            digits: 1,
          },
        ]),
      ],
      notes: [
        `A fresh process each time, from its start, less the median of ${EMPTY} (${base.toFixed(1)} ms). ` +
          "The first event counts when its receiver has answered. The packages are as they were last built.",
      ],
      readings: { [EMPTY]: empty, ...Object.fromEntries(readings) },
    };
  },
};

/** How long a process took from its start to the end of the script. */
const milliseconds = async (script: string, url: string): Promise<number> => {
  const source = `const url = ${JSON.stringify(url)};\n${script}\nconsole.log(performance.now());\nprocess.exit();`;
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout } = await run(process.execPath, ["--no-warnings", "--input-type=module", "-e", source], {
    cwd: FOLDER,
    env,
    timeout: 60_000,
  });
  return Number(stdout.trim().split("\n").at(-1));
};
