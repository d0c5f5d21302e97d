import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { type SelectionFlags, selectionOf, withSelection } from "../flags/selection-flags.ts";
import type { Invoke } from "../invoke.ts";
import { withOutbox } from "../open-outbox.ts";
import { shownPlace } from "../postgres-place.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";
import { formatNumber } from "../terminal/table.ts";

interface OutboxRedriveFlags extends SelectionFlags {
  readonly mayCountTwice?: boolean;
}

/** Makes dead letters pending again; whoever opens the outbox next delivers them. */
const outboxRedrive = (file: string, flags: OutboxRedriveFlags, io: Io): Promise<Report> => {
  if (flags.state === "quarantined" && flags.mayCountTwice !== true) {
    throw CliError.usage(
      "--may-count-twice",
      "it beside --state quarantined: these events may have been counted, and a backend without deduplication counts them again",
      "nothing",
    );
  }
  const selection = selectionOf(flags);
  return withOutbox(file, io, async (outbox) => {
    const redriven = await outbox.redrive(selection);
    const next = redriven === 0 ? "" : ` Deliver them with: meter outbox drain ${shownPlace(file)}`;
    return {
      exit: EXIT.done,
      lines: [`${formatNumber(redriven)} events are pending again.${next}`],
      data: { redriven },
    };
  });
};

export const outboxRedriveCommand = (command: Command, invoke: Invoke): Command =>
  withSelection(command.argument("<outbox>", "its file, or a URL of PostgreSQL"))
    .option("--may-count-twice", "needed for quarantined events")
    .addHelpText(
      "after",
      `
Examples:
  $ meter outbox redrive outbox.db --state rejected --all
  $ meter outbox redrive outbox.db --state quarantined --id order-4711 --may-count-twice`,
    )
    .action((file: string, flags: OutboxRedriveFlags) =>
      invoke(command, (io) => outboxRedrive(file, flags, io)),
    );
