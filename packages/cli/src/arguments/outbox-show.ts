import { Command } from "commander";
import type { Invoke } from "../invoke.ts";

export const outboxShowCommand = (invoke: Invoke): Command =>
  new Command("show")
    .description("show all that is known of one event")
    .argument("<file>", "an outbox")
    .argument("<event>", "the event's id")
    .option("--tenant <id>", "whose event, when several tenants use one id")
    .addHelpText(
      "after",
      `
Example:
  $ meter outbox show outbox.db order-4711`,
    )
    .action((file: string, event: string, flags: { readonly tenant?: string }, command: Command) =>
      invoke(command, async () =>
        (await import("../commands/outbox-show.ts")).outboxShow(file, event, flags),
      ),
    );
