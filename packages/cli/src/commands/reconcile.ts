import { isMeterError, type Reconciliation } from "@meter-lib/core";
import { reconcile as reconcileLedgers } from "@meter-lib/core/store";
import { sandboxLedger } from "@meter-lib/sandbox";
import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";
import { lookInto } from "../open-outbox.ts";
import type { Report } from "../report.ts";
import { sandboxUrl } from "../sandbox-url.ts";
import type { Io } from "../terminal/io.ts";
import { isoTime } from "../terminal/iso-time.ts";
import { bad, good, type Line } from "../terminal/line.ts";
import { formatNumber, table } from "../terminal/table.ts";

interface ReconcileFlags {
  readonly baseUrl?: string;
  readonly from?: number;
  readonly to?: number;
}

/** Compares what an outbox recorded with what a sandbox counted. Delivers nothing. */
const reconcile = async (file: string, flags: ReconcileFlags, _io: Io): Promise<Report> => {
  const url = sandboxUrl(flags);
  const backend = sandboxLedger(url);
  const result = await lookInto(file, async (outbox) => {
    try {
      return await reconcileLedgers(outbox, backend, flags);
    } catch (error) {
      if (isMeterError(error)) throw error;
      const why =
        error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : "";
      throw new CliError(EXIT.undelivered, `${url}: expected a sandbox's ledger: ${why}`, { cause: error });
    }
  });
  return {
    exit: result.agrees ? EXIT.done : EXIT.findings,
    lines: describe(result),
    data: result,
  };
};

const describe = ({ agrees, compared, differences, gaps }: Reconciliation): readonly Line[] => {
  const scope = `${formatNumber(compared)} rows by tenant, meter and hour`;
  const count = differences.length + gaps.length;
  if (agrees) return [good(`Both sides agree, over ${scope}.`)];
  const rows = differences.map((difference) => [
    isoTime(difference.hour).slice(0, 13),
    difference.tenant_id,
    difference.meter_id,
    difference.recorded,
    difference.acknowledged,
    difference.counted,
    difference.counted_usage - difference.acknowledged_usage,
    difference.missing.length,
    difference.undelivered.length,
    difference.unknown.length,
  ]);
  const header = ["HOUR (UTC)", "TENANT", "METER", "RECORDED", "ACKNOWLEDGED", "COUNTED", "USAGE OFF BY"];
  return [
    ...table([...header, "MISSING", "UNDELIVERED", "UNKNOWN"], rows),
    "",
    bad(`${formatNumber(count)} ${count === 1 ? "difference" : "differences"} in ${scope}.`),
    "missing: acknowledged, not counted there. undelivered: still in the outbox. unknown: counted there, not from this outbox.",
    ...gaps.map(
      ({ producer, missing }) =>
        `producer ${producer}: acknowledged, never arrived: ${missing.map(({ from, to }) => (from === to ? from : `${from}–${to}`)).join(", ")}`,
    ),
    "--json names the events.",
  ];
};

export const reconcileCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "its file, or a URL of PostgreSQL")
    .option("--base-url <url>", "the sandbox [METER_LIB_BASE_URL]")
    .option("--from <time>", "only usage from then on", moment("--from"))
    .option("--to <time>", "only usage before", moment("--to"))
    .addHelpText(
      "after",
      `
Ends with 4 when the two differ.

Examples:
  $ meter reconcile outbox.db
  $ meter reconcile outbox.db --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --json`,
    )
    .action((file: string, flags: ReconcileFlags) => invoke(command, (io) => reconcile(file, flags, io)));
