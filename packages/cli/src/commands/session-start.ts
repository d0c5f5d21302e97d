import { createEventId } from "@meter-lib/core";
import { Command } from "commander";
import { type ConnectionFlags, withConnection, withDedup } from "../flags/connection-flags.ts";
import { type SubjectFlags, withSubject } from "../flags/event-flags.ts";
import { moment } from "../flags/moment.ts";
import type { Report } from "../report.ts";
import type { Invoke } from "../run-meter.ts";
import { sendEvent } from "../send-event.ts";
import type { Io } from "../terminal/io.ts";

export interface SessionStartFlags extends SubjectFlags, ConnectionFlags {
  readonly at?: number;
  readonly session?: string;
}

/** Sends the start boundary of a session, under an id that follows from the session's: a repeat is counted once. */
export const sessionStart = async (flags: SessionStartFlags, io: Io): Promise<Report> => {
  const start = flags.at ?? Date.now();
  const session = flags.session ?? createEventId(Date.now());
  const report = await sendEvent({ ...flags, session, start, time: start, id: `${session}.start` }, io);
  return {
    exit: report.exit,
    text: `${report.text}\nsession ${session}`,
    data: { session_id: session, ...(typeof report.data === "object" ? report.data : {}) },
  };
};

export const sessionStartCommand = (invoke: Invoke): Command =>
  withDedup(
    withConnection(
      withSubject(
        new Command("start").description("send the start of a session; prints the session's id for its end"),
      )
        .option("--at <time>", "when it began; else now", moment("--at"))
        .option("--session <id>", "the session's id; else a new one"),
    ),
  ).action((flags: SessionStartFlags, command: Command) => invoke(command, (io) => sessionStart(flags, io)));
