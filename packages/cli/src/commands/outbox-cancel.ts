import type { Command } from "commander";
import type { Invoke } from "../invoke.ts";
import { type CorrectionFlags, correctInOutbox } from "../outbox/correct-in-outbox.ts";
import { withOutbox } from "../outbox/open-outbox.ts";

export const outboxCancelCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "its file, or a URL of PostgreSQL")
    .argument("<event>", "the event's id")
    .requiredOption("--tenant <id>", "whose event it is")
    .requiredOption("--reason <text>", "why")
    .option(
      "--receiver-takes",
      "needed for events that may be counted: the receiver carries cancellations out",
    )
    .addHelpText(
      "after",
      `
An event that was never counted is discarded. Of one that may be counted, a correction is recorded, and sent like an event. Nothing is
delivered here.

Examples:
  $ meter outbox cancel outbox.db order-4711 --tenant tenant_123 --reason "test order"
  $ meter outbox cancel outbox.db order-4711 --tenant tenant_123 --reason "test order" --receiver-takes`,
    )
    .action((file: string, event_id: string, flags: CorrectionFlags) =>
      invoke(command, (io) =>
        withOutbox(file, io, (outbox) => correctInOutbox(file, outbox, event_id, flags)),
      ),
    );
