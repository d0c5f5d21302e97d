import { MeterClient } from "@meter-lib/core";
import { type Command, Option } from "commander";
import { connect } from "../backend/connect.ts";
import { EXIT } from "../errors/exit-code.ts";
import { type ConnectionFlags, withConnection, withDedup } from "../flags/connection-flags.ts";
import { duration } from "../flags/duration.ts";
import type { Invoke } from "../invoke.ts";
import { DeliveryWatch } from "../outbox/delivery-watch.ts";
import { lookInto, mustExist, rememberingOutbox } from "../outbox/open-outbox.ts";
import type { Io } from "../terminal/io.ts";
import { startProgress } from "../terminal/progress.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";
import { stopping } from "../terminal/stopping.ts";
import { formatNumber } from "../terminal/table.ts";
import { tellWarnings } from "../terminal/tell-warnings.ts";

interface OutboxDrainFlags extends ConnectionFlags {
  readonly giveUpAfter: number;
}

const CLOSE_MS = 3_000;

/** Delivers what is pending in an outbox, even if its service no longer runs. */
const outboxDrain = async (file: string, flags: OutboxDrainFlags, io: Io): Promise<Report> => {
  mustExist(file);
  const { transport, customerLookup } = connect(flags, io);
  const client = new MeterClient({ transport, customerLookup, outbox: rememberingOutbox(file) });
  tellWarnings(client, io);
  using watch = new DeliveryWatch(client, flags.giveUpAfter, io.signal);
  const progress = startProgress(io, "delivering", "events");
  try {
    const { pending } = await client.stats();
    await watch.delivered(() => progress.at(watch.acknowledged, pending));
    progress.end();
    if (watch.stop !== undefined) await stopping(io);
  } finally {
    progress.end();
    await client.close({ timeoutMs: CLOSE_MS });
  }
  const accounts = await lookInto(file, async (outbox) => outbox.accounts());
  const { pending, rejected, quarantined } = accounts;
  const delivered = `${quantity(watch.acknowledged, "event")} delivered`;
  const rest = [
    ...(pending > 0 ? [`${formatNumber(pending)} still pending`] : []),
    ...(rejected > 0 ? [`${formatNumber(rejected)} rejected`] : []),
    ...(quarantined > 0 ? [`${formatNumber(quarantined)} quarantined`] : []),
  ].join(", ");
  const why = watch.stop === undefined ? "" : ` (${watch.stop.reason})`;
  const exit =
    watch.stop?.why === "interrupted" ? EXIT.interrupted : pending > 0 ? EXIT.undelivered : EXIT.done;
  return {
    exit,
    lines: [`${delivered}${rest === "" ? "; nothing left" : `; ${rest}`}${why}.`],
    data: { delivered: watch.acknowledged, accounts, stop: watch.stop },
  };
};

const HALF_A_MINUTE_MS = 30_000;

export const outboxDrainCommand = (command: Command, invoke: Invoke): Command =>
  withDedup(
    withConnection(
      command
        .argument("<outbox>", "outbox file, or a PostgreSQL URL")
        .optionsGroup("Options:")
        .addOption(
          new Option(
            "--give-up-after <duration>",
            "stop after this long without progress; everything is kept",
          )
            .argParser(duration("--give-up-after"))
            .default(HALF_A_MINUTE_MS, "30s"),
        ),
    ),
  )
    .addHelpText(
      "after",
      `
Example:
  $ meter outbox drain outbox.db --dedup 7d --give-up-after 5m`,
    )
    .action((file: string, flags: OutboxDrainFlags) => invoke(command, (io) => outboxDrain(file, flags, io)));
