import type { Command } from "commander";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { type SelectionFlags, selectionOf, withSelection } from "../flags/selection-flags.ts";
import type { Invoke } from "../invoke.ts";
import { withOutbox } from "../outbox/open-outbox.ts";
import { shownPlace } from "../outbox/postgres-place.ts";
import type { Io } from "../terminal/io.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";

interface OutboxRedriveFlags extends SelectionFlags {
  readonly mayCountTwice?: boolean;
}

/** Makes dead letters pending again; the next client that opens the outbox delivers them. */
const outboxRedrive = (file: string, flags: OutboxRedriveFlags, io: Io): Promise<Report> => {
  if (flags.state === "quarantined" && flags.mayCountTwice !== true) {
    throw CliError.usage(
      "--may-count-twice",
      "--may-count-twice with --state quarantined: these events may have been counted, and a backend without deduplication counts them again",
      "nothing",
    );
  }
  const selection = selectionOf(flags);
  return withOutbox(file, io, async (outbox) => {
    const redriven = await outbox.redrive(selection);
    const next = redriven === 0 ? "" : ` Deliver them with: meter outbox drain ${shownPlace(file)}`;
    return {
      exit: EXIT.done,
      lines: [`${quantity(redriven, "event")} pending again.${next}`],
      data: { redriven },
    };
  });
};

export const outboxRedriveCommand = (command: Command, invoke: Invoke): Command =>
  withSelection(command.argument("<outbox>", "outbox file, or a PostgreSQL URL"))
    .option("--may-count-twice", "required for quarantined events")
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
