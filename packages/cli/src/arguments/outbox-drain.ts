import { Command, Option } from "commander";
import type { OutboxDrainFlags } from "../commands/outbox-drain.ts";
import { withConnection, withDedup } from "../flags/connection-flags.ts";
import { duration } from "../flags/duration.ts";
import type { Invoke } from "../invoke.ts";

const HALF_A_MINUTE_MS = 30_000;

export const outboxDrainCommand = (invoke: Invoke): Command =>
  withDedup(
    withConnection(
      new Command("drain")
        .description("deliver what is pending in an outbox")
        .argument("<file>", "an outbox")
        .optionsGroup("Options:")
        .addOption(
          new Option(
            "--give-up-after <duration>",
            "stop waiting when nothing has moved for so long; all is kept",
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
    .action((file: string, flags: OutboxDrainFlags, command: Command) =>
      invoke(command, async (io) =>
        (await import("../commands/outbox-drain.ts")).outboxDrain(file, flags, io),
      ),
    );
