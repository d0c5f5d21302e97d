import { isMeterError, type Reconciliation } from "@meter-lib/core";
import { reconcile as reconcileLedgers } from "@meter-lib/core/store";
import { type Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";
import { lookInto } from "../open-outbox.ts";
import { BACKENDS, type BackendFlags, reconcileBackend } from "../reconcile-backend.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";
import { isoTime } from "../terminal/iso-time.ts";
import { bad, good, type Line } from "../terminal/line.ts";
import { formatNumber, table } from "../terminal/table.ts";

interface ReconcileFlags extends BackendFlags {
  readonly from?: number;
  readonly to?: number;
}

/** Compares what an outbox recorded with what a backend counted. Delivers nothing. */
const reconcile = async (file: string, flags: ReconcileFlags, _io: Io): Promise<Report> => {
  const { backend, name } = await reconcileBackend(flags);
  const result = await lookInto(file, async (outbox) => {
    try {
      return await reconcileLedgers(outbox, backend, flags);
    } catch (error) {
      if (isMeterError(error)) throw error;
      const why =
        error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : "";
      throw new CliError(EXIT.undelivered, `${name}: ${why}`, { cause: error });
    }
  });
  return {
    exit: result.agrees ? EXIT.done : EXIT.findings,
    lines: describe(result),
    data: result,
  };
};

const describe = ({ agrees, by, compared, drifting, differences, gaps }: Reconciliation): readonly Line[] => {
  const scope = `${formatNumber(compared)} rows by tenant, meter and hour`;
  const bySums = by === "sums" ? ", by sums" : "";
  if (agrees) return [good(`Both sides agree, over ${scope}${bySums}.`)];
  const count = differences.length + gaps.length;
  const lines: Line[] = [
    ...table(HEADER, differences.map(cellsOf)),
    "",
    bad(`${formatNumber(count)} ${count === 1 ? "difference" : "differences"} in ${scope}${bySums}.`),
    drifting === 0
      ? "No drift: what was acknowledged is what was counted."
      : `Drift in ${formatNumber(drifting)} of them: counted is not what was acknowledged.`,
    by === "ids"
      ? "missing: acknowledged, not counted there. undelivered: not acknowledged. unknown: counted there, not from this outbox."
      : "undelivered: not acknowledged. The backend tells sums only, so which events differ is not known.",
  ];
  for (const { producer, missing } of gaps) {
    const ranges = missing.map(({ from, to }) => (from === to ? from : `${from}–${to}`)).join(", ");
    lines.push(`producer ${producer}: acknowledged, never arrived: ${ranges}`);
  }
  return [...lines, "--json names the events."];
};

const HEADER = [
  "HOUR (UTC)",
  "TENANT",
  "METER",
  "RECORDED",
  "ACKNOWLEDGED",
  "COUNTED",
  "USAGE HERE",
  "USAGE THERE",
  "OFF BY",
  "MISSING",
  "UNDELIVERED",
  "UNKNOWN",
];

const cellsOf = (difference: Reconciliation["differences"][number]): readonly (string | number)[] => [
  isoTime(difference.hour).slice(0, 13),
  difference.tenant_id,
  difference.meter_id,
  difference.recorded,
  difference.acknowledged,
  difference.counted ?? "–",
  difference.acknowledged_usage,
  difference.counted_usage,
  difference.counted_usage - difference.acknowledged_usage,
  difference.missing.length,
  difference.undelivered.length,
  difference.unknown.length,
];

export const reconcileCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "its file, or a URL of PostgreSQL")
    .addOption(new Option("--backend <name>", "what counted").choices(BACKENDS).default("sandbox"))
    .option("--base-url <url>", "where it is [of a sandbox: METER_LIB_BASE_URL]")
    .option("--customers <file>", "JSON: the backend's customers by tenant")
    .option("--meters <file>", "JSON: the backend's names by meter, where they differ")
    .option("--from <time>", "only usage from then on", moment("--from"))
    .option("--to <time>", "only usage before", moment("--to"))
    .addHelpText(
      "after",
      `
Ends with 4 when the two differ, or something recorded was not delivered. Keys come from the environment: OPENMETER_API_KEY, STRIPE_KEY,
LAGO_API_KEY.

Examples:
  $ meter reconcile outbox.db
  $ meter reconcile outbox.db --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --json
  $ meter reconcile outbox.db --backend stripe --customers customers.json`,
    )
    .action((file: string, flags: ReconcileFlags) => invoke(command, (io) => reconcile(file, flags, io)));
