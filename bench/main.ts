// `pnpm bench`: what the parts cost, beside hand-written clients and other SDKs.
import { writeFileSync } from "node:fs";
import { browser } from "./browser/browser.ts";
import { bundles } from "./bundles/bundles.ts";
import { drain } from "./drain/drain.ts";
import { machineFacts } from "./harness/machine.ts";
import type { Measure } from "./harness/measure.ts";
import { reportText } from "./harness/report-text.ts";
import { readSettings, UsageError } from "./harness/settings.ts";
import { writeIntoDoc } from "./harness/write-into-doc.ts";
import { latency } from "./latency/latency.ts";
import { memory } from "./memory/memory.ts";
import { outbox } from "./outbox/outbox.ts";
import { postgres } from "./postgres/postgres.ts";
import { profile } from "./profile/profile.ts";
import { regression } from "./regression/regression.ts";
import { sandbox } from "./sandbox/sandbox.ts";
import { start } from "./start/start.ts";
import { tenants } from "./tenants/tenants.ts";
import { throughput } from "./throughput/throughput.ts";
import { trickle } from "./trickle/trickle.ts";
import { typeCheckCost } from "./types/type-check-cost.ts";
import { walk } from "./walk/walk.ts";

const MEASURES: readonly Measure[] = [
  throughput,
  latency,
  memory,
  start,
  tenants,
  trickle,
  drain,
  outbox,
  postgres,
  sandbox,
  browser,
  bundles,
  typeCheckCost,
  walk,
  profile,
  regression,
];

const defaultsOf = ({ defaults: { rounds, events }, chooses = false }: Measure): string => {
  const parts = [
    rounds === undefined ? "" : `--rounds ${rounds}`,
    events === undefined ? "" : `--events ${events}`,
    chooses ? "--only" : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
};

const HELP = `What meter-lib costs, beside hand-written clients and other SDKs, measured on this machine.

  pnpm bench MEASURE [--rounds N] [--events N] [--only TEXT] [--json FILE] [--doc FILE] [--save]

${MEASURES.map((measure) => {
  const own = defaultsOf(measure);
  return `  ${measure.name.padEnd(11)} ${measure.about}${own === "" ? "" : `\n${" ".repeat(14)}(${own})`}`;
}).join("\n")}

  --rounds    how often each reading is taken, in turn with the others
  --events    how many events each contestant is given
  --only      rows whose name has this text, and what they are compared with
  --json      a file for every single reading, with what is known of the machine
  --doc       a Markdown file; what is printed takes the place of the last such text between the comments
              <!-- bench MEASURE --> and <!-- end of bench MEASURE -->
  --save      regression: make this run's ratios the baseline

Figures of one machine do not compare with those of another; ratios within one run do, when nothing else runs.
Kafka has its own measure, where a broker is: pnpm usage-pipeline throughput.`;

/** The command as it takes the same readings: where they were written is another matter. */
const withoutFiles = (args: readonly string[]): readonly string[] =>
  args.filter((arg, at) => !FILES.has(arg) && !FILES.has(args[at - 1] ?? ""));

const FILES = new Set(["--json", "--doc"]);

const main = async ([name, ...args]: readonly string[]): Promise<void> => {
  if (name === undefined || name === "help" || name === "--help" || args.includes("--help")) {
    console.log(HELP);
    return;
  }
  const measure = MEASURES.find((candidate) => candidate.name === name);
  if (measure === undefined) throw new UsageError(`no measure ${JSON.stringify(name)}`);
  const settings = readSettings(args, measure.defaults);
  const machine = machineFacts();
  if (machine.load > machine.cores)
    console.error(`Others are at work here (load ${machine.load}): figures will be poor, ratios rough.`);
  const report = await measure.run(settings);
  const command = ["pnpm bench", name, ...withoutFiles(args)].join(" ");
  const text = reportText(report, command, machine);
  console.log(text);
  if (settings.json !== undefined)
    writeFileSync(settings.json, `${JSON.stringify({ command, machine, ...report }, undefined, 2)}\n`);
  if (settings.doc !== undefined) writeIntoDoc(settings.doc, name, text);
  for (const failure of report.failures ?? []) console.error(failure);
  if ((report.failures ?? []).length > 0) process.exitCode = 1;
};

main(process.argv.slice(2)).catch((error: unknown) => {
  const mistake = error instanceof UsageError;
  console.error(mistake ? `${error.message}\nTry: pnpm bench --help` : error);
  process.exitCode = mistake ? 2 : 1;
});
