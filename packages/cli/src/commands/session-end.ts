import type { Command } from "commander";
import { type ConnectionFlags, withConnection, withDedup } from "../flags/connection-flags.ts";
import { type SubjectFlags, withSubject } from "../flags/event-flags.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";
import { sendEvent } from "../send-event.ts";
import type { Io } from "../terminal/io.ts";
import type { Report } from "../terminal/report.ts";

interface SessionEndFlags extends SubjectFlags, ConnectionFlags {
  readonly at?: number;
  readonly session: string;
}

/** Sends the end boundary of a session. A second end of the same session is not counted. */
const sessionEnd = (flags: SessionEndFlags, io: Io): Promise<Report> => {
  const end = flags.at ?? Date.now();
  return sendEvent({ ...flags, end, time: end, id: `${flags.session}.end` }, io);
};

export const sessionEndCommand = (command: Command, invoke: Invoke): Command =>
  withDedup(
    withConnection(
      withSubject(command)
        .requiredOption("--session <id>", "the id printed by meter session start")
        .option("--at <time>", "when the session ended (default: now)", moment("--at")),
    ),
  )
    .addHelpText(
      "after",
      `
Example:
  $ meter session end --tenant tenant_123 --device web-1 --meter chat.on.time_hours --session 019a…`,
    )
    .action((flags: SessionEndFlags) => invoke(command, (io) => sessionEnd(flags, io)));
