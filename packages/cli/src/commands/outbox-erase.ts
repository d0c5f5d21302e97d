import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Invoke } from "../invoke.ts";
import { withOutbox } from "../open-outbox.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";
import { formatNumber } from "../terminal/table.ts";

interface OutboxEraseFlags {
  readonly tenant: string;
  readonly reason: string;
}

/** Takes a tenant out of an outbox, also while its service runs. */
const outboxErase = (file: string, { tenant, reason }: OutboxEraseFlags, io: Io): Promise<Report> => {
  if (tenant === "") throw CliError.usage("--tenant", "a tenant's id", "nothing");
  if (reason.trim() === "") throw CliError.usage("--reason", "text that says why", "nothing");
  return withOutbox(file, io, async (outbox) => {
    const erased = await outbox.erase(tenant, reason);
    const { events, onTheirWay, sessions } = erased;
    return {
      exit: onTheirWay === 0 ? EXIT.done : EXIT.undelivered,
      lines: [
        `${formatNumber(events)} events are erased, and counted as discarded.`,
        ...(sessions === 0 ? [] : [`${formatNumber(sessions)} open sessions are forgotten.`]),
        ...(onTheirWay === 0
          ? []
          : [`${formatNumber(onTheirWay)} are on their way just now: run it again in a minute.`]),
      ],
      data: erased,
    };
  });
};

export const outboxEraseCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "its file, or a URL of PostgreSQL")
    .requiredOption("--tenant <id>", "whose")
    .option("--reason <text>", "why", "erased")
    .addHelpText(
      "after",
      `
Events that wait are not delivered any more, and are counted as discarded; so are dead letters. The ids are forgotten: a repeat would
count again. The sums by meter and hour stay, until their time is over.

Example:
  $ meter outbox erase outbox.db --tenant tenant_123`,
    )
    .action((file: string, flags: OutboxEraseFlags) => invoke(command, (io) => outboxErase(file, flags, io)));
