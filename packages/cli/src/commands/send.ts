import type { Command } from "commander";
import { type ConnectionFlags, withConnection, withDedup } from "../flags/connection-flags.ts";
import { type EventFlags, withEvent } from "../flags/event-flags.ts";
import type { Invoke } from "../invoke.ts";
import { sendEvent } from "../send-event.ts";

export const sendCommand = (command: Command, invoke: Invoke): Command =>
  withDedup(
    withConnection(
      withEvent(command).option("--dry-run", "check the event, and its id with --record; nothing is sent"),
    ),
  )
    .addHelpText(
      "after",
      `
Times are milliseconds since the epoch, ISO 8601 with a zone, or now.

Examples:
  $ meter send --tenant tenant_123 --device us-east-ing1 --meter page.processed.basic --usage 24
  $ meter send --tenant tenant_123 --device us-east-ing1 --meter chat.query.time_secs --start now --end now
  $ meter send … --id order-4711 --record outbox.db`,
    )
    .action((flags: EventFlags & ConnectionFlags) => invoke(command, (io) => sendEvent(flags, io)));
