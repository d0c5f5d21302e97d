import type { Command } from "commander";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Invoke } from "../invoke.ts";
import { withOutbox } from "../outbox/open-outbox.ts";
import type { Io } from "../terminal/io.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";
import { formatNumber } from "../terminal/table.ts";

interface OutboxEraseFlags {
  readonly tenant: string;
  readonly reason: string;
}

/** Erases a tenant from an outbox, even while its service runs. */
const outboxErase = (file: string, { tenant, reason }: OutboxEraseFlags, io: Io): Promise<Report> => {
  if (tenant === "") throw CliError.usage("--tenant", "a tenant's id", "nothing");
  if (reason.trim() === "") throw CliError.usage("--reason", "a reason", "nothing");
  return withOutbox(file, io, async (outbox) => {
    const erased = await outbox.erase(tenant, reason);
    const { events, onTheirWay, sessions } = erased;
    return {
      exit: onTheirWay === 0 ? EXIT.done : EXIT.undelivered,
      lines: [
        `${quantity(events, "event")} erased and counted as discarded.`,
        ...(sessions === 0 ? [] : [`${quantity(sessions, "open session")} erased.`]),
        ...(onTheirWay === 0
          ? []
          : [`${formatNumber(onTheirWay)} are in flight: run the command again in a minute.`]),
      ],
      data: erased,
    };
  });
};

export const outboxEraseCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "outbox file, or a PostgreSQL URL")
    .requiredOption("--tenant <id>", "whose")
    .option("--reason <text>", "why", "erased")
    .addHelpText(
      "after",
      `
Pending events and dead letters are discarded and counted as such. Ids are forgotten, so a repeat would count again.
Sums by meter and hour stay until they expire.

Example:
  $ meter outbox erase outbox.db --tenant tenant_123`,
    )
    .action((file: string, flags: OutboxEraseFlags) => invoke(command, (io) => outboxErase(file, flags, io)));
