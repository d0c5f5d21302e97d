import { Command } from "commander";
import { type ConnectionFlags, withConnection, withDedup } from "../flags/connection-flags.ts";
import { type SubjectFlags, withSubject } from "../flags/event-flags.ts";
import { moment } from "../flags/moment.ts";
import type { Report } from "../report.ts";
import type { Invoke } from "../run-meter.ts";
import { sendEvent } from "../send-event.ts";
import type { Io } from "../terminal/io.ts";

export interface SessionEndFlags extends SubjectFlags, ConnectionFlags {
  readonly at?: number;
  readonly session: string;
}

/** Sends the end boundary of a session. A second end of the same session is not counted. */
export const sessionEnd = (flags: SessionEndFlags, io: Io): Promise<Report> => {
  const end = flags.at ?? Date.now();
  return sendEvent({ ...flags, end, time: end, id: `${flags.session}.end` }, io);
};

export const sessionEndCommand = (invoke: Invoke): Command =>
  withDedup(
    withConnection(
      withSubject(new Command("end").description("send the end of a session"))
        .requiredOption("--session <id>", "the id that meter session start printed")
        .option("--at <time>", "when it ended; else now", moment("--at")),
    ),
  ).action((flags: SessionEndFlags, command: Command) => invoke(command, (io) => sessionEnd(flags, io)));
