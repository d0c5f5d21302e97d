import { createEventId } from "@meter-lib/core";
import type { ConnectionFlags } from "../flags/connection-flags.ts";
import type { SubjectFlags } from "../flags/event-flags.ts";
import type { Report } from "../report.ts";
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
    lines: [...report.lines, `session ${session}`],
    data: { session_id: session, ...(typeof report.data === "object" ? report.data : {}) },
  };
};
