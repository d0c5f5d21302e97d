import { createEventId } from "@meter-lib/core";
import type { Command } from "commander";
import { type ConnectionFlags, withConnection, withDedup } from "../flags/connection-flags.ts";
import { type SubjectFlags, withSubject } from "../flags/event-flags.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";
import { sendEvent } from "../send-event.ts";
import type { Io } from "../terminal/io.ts";
import type { Report } from "../terminal/report.ts";

interface SessionStartFlags extends SubjectFlags, ConnectionFlags {
  readonly at?: number;
  readonly session?: string;
}

/** Sends the start boundary of a session. Its event id is derived from the session id, so a repeat is counted once. */
const sessionStart = async (flags: SessionStartFlags, io: Io): Promise<Report> => {
  const start = flags.at ?? Date.now();
  const session = flags.session ?? createEventId(Date.now());
  const report = await sendEvent({ ...flags, session, start, time: start, id: `${session}.start` }, io);
  return {
    exit: report.exit,
    lines: [...report.lines, `session ${session}`],
    data: { session_id: session, ...(typeof report.data === "object" ? report.data : {}) },
  };
};

export const sessionStartCommand = (command: Command, invoke: Invoke): Command =>
  withDedup(
    withConnection(
      withSubject(command)
        .option("--at <time>", "when the session started (default: now)", moment("--at"))
        .option("--session <id>", "session id (default: a new one)"),
    ),
  )
    .addHelpText(
      "after",
      `
Example:
  $ meter session start --tenant tenant_123 --device web-1 --meter chat.on.time_hours`,
    )
    .action((flags: SessionStartFlags) => invoke(command, (io) => sessionStart(flags, io)));
