import { isMeterError, type Reconciliation } from "@meter-lib/core";
import { reconcile as reconcileLedgers } from "@meter-lib/core/store";
import { type Command, Option } from "commander";
import { BACKENDS, type BackendFlags, reconcileBackend } from "../backend/reconcile-backend.ts";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";
import { lookInto } from "../outbox/open-outbox.ts";
import type { Io } from "../terminal/io.ts";
import { isoTime } from "../terminal/iso-time.ts";
import { bad, good, type Line } from "../terminal/line.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";
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
  const scope = `${quantity(compared, "row")} by tenant, meter and hour`;
  const bySums = by === "sums" ? ", by sums only" : "";
  if (agrees) return [good(`Both sides agree on ${scope}${bySums}.`)];
  const count = differences.length + gaps.length;
  const lines: Line[] = [
    ...table(HEADER, differences.map(cellsOf)),
    "",
    bad(`${formatNumber(count)} ${count === 1 ? "difference" : "differences"} in ${scope}${bySums}.`),
    drifting === 0
      ? "No drift: the backend counted what it acknowledged."
      : `Drift in ${formatNumber(drifting)} of them: the backend did not count what it acknowledged.`,
    by === "ids"
      ? "missing: acknowledged, not counted. undelivered: not acknowledged. unknown: counted, not from this outbox."
      : "undelivered: not acknowledged. The backend reports only sums, so the differing events are unknown.",
  ];
  for (const { producer, missing } of gaps) {
    const ranges = missing.map(({ from, to }) => (from === to ? from : `${from}–${to}`)).join(", ");
    lines.push(`producer ${producer}: acknowledged, but never arrived: ${ranges}`);
  }
  return [...lines, "Use --json to list the events."];
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
    .argument("<outbox>", "outbox file, or a PostgreSQL URL")
    .addOption(new Option("--backend <name>", "kind of backend").choices(BACKENDS).default("sandbox"))
    .option("--base-url <url>", "URL of the backend [METER_LIB_BASE_URL for a sandbox]")
    .option("--customers <file>", "JSON file: the backend's customers by tenant")
    .option("--meters <file>", "JSON file: the backend's names by meter, where they differ")
    .option("--from <time>", "only usage from this time on", moment("--from"))
    .option("--to <time>", "only usage before this time", moment("--to"))
    .addHelpText(
      "after",
      `
Exits with 4 if the two differ, or if recorded events were not delivered. API keys come from the environment: OPENMETER_API_KEY,
STRIPE_KEY, LAGO_API_KEY.

Examples:
  $ meter reconcile outbox.db
  $ meter reconcile outbox.db --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --json
  $ meter reconcile outbox.db --backend stripe --customers customers.json
  $ meter reconcile outbox.db --backend postgres --base-url postgres://user@host:5432/database`,
    )
    .action((file: string, flags: ReconcileFlags) => invoke(command, (io) => reconcile(file, flags, io)));
