import type { ConnectionFlags } from "../flags/connection-flags.ts";
import type { SubjectFlags } from "../flags/event-flags.ts";
import type { Report } from "../report.ts";
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
