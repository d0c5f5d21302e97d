import { Command } from "commander";
import type { Invoke } from "../invoke.ts";
import { outboxDiscardCommand } from "./outbox-discard.ts";
import { outboxDrainCommand } from "./outbox-drain.ts";
import { outboxEraseCommand } from "./outbox-erase.ts";
import { outboxExportCommand } from "./outbox-export.ts";
import { outboxListCommand } from "./outbox-list.ts";
import { outboxRedriveCommand } from "./outbox-redrive.ts";
import { outboxShowCommand } from "./outbox-show.ts";

export const outboxCommand = (invoke: Invoke): Command =>
  new Command("outbox")
    .description("look into an outbox, and decide about what could not be delivered")
    .addHelpText(
      "after",
      `
Examples:
  $ meter outbox list outbox.db --state rejected
  $ meter outbox redrive outbox.db --state rejected --all
  $ meter outbox drain outbox.db --dedup 7d`,
    )
    .addCommand(outboxListCommand(invoke))
    .addCommand(outboxShowCommand(invoke))
    .addCommand(outboxRedriveCommand(invoke))
    .addCommand(outboxDiscardCommand(invoke))
    .addCommand(outboxEraseCommand(invoke))
    .addCommand(outboxExportCommand(invoke))
    .addCommand(outboxDrainCommand(invoke));
