import type { SendResult, Session, SessionOptions } from "@meter-lib/core";
import type { PageReceipt } from "../delivery/page-receipt.ts";
import { pageEventId } from "../event/page-event-id.ts";

export type StartSession = (
  input: { readonly meter_id: string },
  options: SessionOptions,
) => Promise<Session>;

/** The result once the event is as safe as it can be. */
export const recorded = async ({ event_id, durable }: PageReceipt): Promise<SendResult> => {
  const outcome = await durable;
  return "error" in outcome ? { ok: false, event_id, error: outcome.error } : { ok: true, event_id };
};

/** A session that this page is in. */
export type PageSession = Pick<Session, "session_id" | "started" | "end">;

export type BeginSession = (
  input: { readonly meter_id: string },
  options: SessionOptions,
) => Promise<PageSession>;

/** Sessions of one meter are one session, unless the scope is `process`; the last one that leaves ends it. */
export const shareSessions = (begin: BeginSession): StartSession => {
  const open = new Map<string, { handles: number; readonly session: Promise<PageSession> }>();
  return async (input, options) => {
    const key = options.scope === "process" ? pageEventId(0) : input.meter_id;
    const shared = open.get(key) ?? { handles: 0, session: begin(input, options) };
    open.set(key, shared);
    // Before any await: the last of the others may leave in the meantime.
    shared.handles++;
    const session = await shared.session;
    let ended: Promise<SendResult> | undefined;
    const leave = async () => {
      if (--shared.handles > 0) return session.started;
      open.delete(key);
      return session.end();
    };
    const end = () => {
      ended ??= leave();
      return ended;
    };
    return { ...session, end, [Symbol.asyncDispose]: async () => void (await end()) };
  };
};

/** Sessions of a single page: both boundaries are recorded like other events. */
export const pageSession =
  (record: (input: object) => PageReceipt): BeginSession =>
  async (input, { startTime = Date.now() }) => {
    const session_id = pageEventId(startTime);
    return {
      session_id,
      started: await recorded(record({ ...input, session_id, start_time: startTime })),
      end: () => recorded(record({ ...input, session_id, end_time: Math.max(startTime, Date.now()) })),
    };
  };
