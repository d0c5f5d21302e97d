import { isMeterError } from "@meter-lib/core";
import type { LedgerKey, LedgerRow } from "@meter-lib/core/store";
import { HOUR_MS } from "@meter-lib/core/wire";
import { type Command, Option } from "commander";
import { BACKENDS, type BackendFlags, reconcileBackend } from "../backend/reconcile-backend.ts";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";
import { lookInto } from "../outbox/open-outbox.ts";
import { isoTime } from "../terminal/iso-time.ts";
import { bad, good } from "../terminal/line.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";
import { formatNumber, table } from "../terminal/table.ts";

type Kind = NonNullable<BackendFlags["backend"]>;

interface MigrateFlags {
  readonly before: Kind;
  readonly after: Kind;
  readonly beforeUrl?: string;
  readonly afterUrl?: string;
  readonly beforeCustomers?: string;
  readonly afterCustomers?: string;
  readonly beforeMeters?: string;
  readonly afterMeters?: string;
  readonly from?: number;
  readonly to?: number;
}

/** A row in which the two backends counted differently. */
interface Disparity extends LedgerKey {
  readonly recorded_usage: number;
  readonly before: number;
  readonly after: number;
}

/** So that the switch is deployed everywhere before the instant. */
const NOTICE_HOURS = 24;

/** Compares two backends hour by hour, and names an instant to switch at. */
const migrate = async (place: string, flags: MigrateFlags, now: number): Promise<Report> => {
  const range = { from: flags.from, to: flags.to };
  const asked = await lookInto(place, async (outbox) => outbox.ledger(range));
  const countedBy = async (side: "before" | "after"): Promise<ReadonlyMap<string, number>> => {
    const { backend, name } = await reconcileBackend(sideOf(flags, side));
    try {
      return new Map((await backend.ledger(range, asked)).map((row) => [keyOf(row), row.total_usage]));
    } catch (error) {
      if (isMeterError(error)) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new CliError(EXIT.undelivered, `--${side}: ${name}: ${why}`, { cause: error });
    }
  };
  const [before, after] = await Promise.all([countedBy("before"), countedBy("after")]);
  const disparities = asked.flatMap((row): readonly Disparity[] => {
    const [old, fresh] = [before.get(keyOf(row)) ?? 0, after.get(keyOf(row)) ?? 0];
    return old === fresh ? [] : [disparityOf(row, old, fresh)];
  });
  const at = isoTime((Math.ceil(now / HOUR_MS) + NOTICE_HOURS) * HOUR_MS);
  const scope = `${quantity(asked.length, "row")} by tenant, meter and hour`;
  const data = { agrees: disparities.length === 0, compared: asked.length, disparities, at };
  if (asked.length === 0)
    return {
      exit: EXIT.findings,
      lines: [bad("Nothing was recorded in this time: nothing to compare.")],
      data,
    };
  if (disparities.length === 0)
    return {
      exit: EXIT.done,
      lines: [
        good(`Both backends counted the same in ${scope}.`),
        `Switch at a full hour that gives you time to deploy: cutOver({ at: Date.parse("${at}"), before, after })`,
      ],
      data,
    };
  return {
    exit: EXIT.findings,
    lines: [
      ...table(
        ["HOUR (UTC)", "TENANT", "METER", "RECORDED", "BEFORE", "AFTER", "OFF BY"],
        disparities.map((row) => [
          isoTime(row.hour).slice(0, 13),
          row.tenant_id,
          row.meter_id,
          row.recorded_usage,
          row.before,
          row.after,
          row.after - row.before,
        ]),
      ),
      "",
      bad(
        `The backends counted differently in ${formatNumber(disparities.length)} of ${scope}: do not switch yet.`,
      ),
    ],
    data,
  };
};

const keyOf = ({ tenant_id, meter_id, hour }: LedgerKey): string => `${hour} ${meter_id} ${tenant_id}`;

const disparityOf = (
  { tenant_id, meter_id, hour, recorded_usage }: LedgerRow,
  before: number,
  after: number,
): Disparity => ({ tenant_id, meter_id, hour, recorded_usage, before, after });

const sideOf = (flags: MigrateFlags, side: "before" | "after"): BackendFlags => {
  const [baseUrl, customers, meters] = [
    flags[`${side}Url`],
    flags[`${side}Customers`],
    flags[`${side}Meters`],
  ];
  return {
    backend: flags[side],
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(customers === undefined ? {} : { customers }),
    ...(meters === undefined ? {} : { meters }),
  };
};

export const migrateCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "what both recorded: its file, or a URL of PostgreSQL")
    .addOption(
      new Option("--before <name>", "the backend that bills").choices(BACKENDS).makeOptionMandatory(),
    )
    .addOption(new Option("--after <name>", "the new backend").choices(BACKENDS).makeOptionMandatory())
    .option("--before-url <url>", "where the one is")
    .option("--after-url <url>", "where the other is")
    .option("--before-customers <file>", "JSON: the backend's customers by tenant")
    .option("--after-customers <file>", "JSON: the new backend's customers by tenant")
    .option("--before-meters <file>", "JSON: the backend's names by meter, where they differ")
    .option("--after-meters <file>", "JSON: the new backend's names by meter, where they differ")
    .option("--from <time>", "only usage from then on", moment("--from"))
    .option("--to <time>", "only usage before", moment("--to"))
    .addHelpText(
      "after",
      `
Compares what two backends counted while both ran side by side, and names an instant to switch at. Ends with 4 when they differ. Keys come
from the environment, as for meter reconcile.

Example:
  $ meter migrate live.db --before stripe --before-customers stripe.json --after lago --after-customers lago.json`,
    )
    .action((place: string, flags: MigrateFlags) => invoke(command, () => migrate(place, flags, Date.now())));
