import type { Command } from "commander";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";
import { withOutbox } from "../outbox/open-outbox.ts";
import type { Io } from "../terminal/io.ts";
import { isoTime } from "../terminal/iso-time.ts";
import type { Report } from "../terminal/report.ts";

/** Freezes the hours of an outbox's ledger, even while its service runs. */
const outboxFreeze = (file: string, { before }: { readonly before: number }, io: Io): Promise<Report> => {
  if (before > Date.now()) throw CliError.usage("--before", "a time that has passed", isoTime(before));
  return withOutbox(file, io, async (outbox) => {
    const frozen_before = await outbox.freeze(before);
    return {
      exit: EXIT.done,
      lines: [`All hours before ${isoTime(frozen_before)} are frozen. Later changes are booked after them.`],
      data: { frozen_before },
    };
  });
};

export const outboxFreezeCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "outbox file, or a PostgreSQL URL")
    .requiredOption("--before <time>", "freeze all hours that end by this time", moment("--before"))
    .addHelpText(
      "after",
      `
Rows of a frozen hour never change in meter outbox ledger. What changes in it later is booked in the first hour that is not frozen, as a
correction. This cannot be undone: freeze hours after meter reconcile has found that both sides agree.

Example:
  $ meter outbox freeze outbox.db --before 2026-12-01T00:00:00Z`,
    )
    .action((file: string, flags: { readonly before: number }) =>
      invoke(command, (io) => outboxFreeze(file, flags, io)),
    );
