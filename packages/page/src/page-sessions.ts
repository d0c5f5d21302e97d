import type { Receipt, SendResult, Session, SessionOptions } from "@meter-lib/core";
import { pageEventId } from "./page-event-id.ts";

export type StartSession = (
  input: { readonly meter_id: string },
  options: SessionOptions,
) => Promise<Session>;

/** What a receipt says as soon as the event is safe, or as safe as it can be. */
export const recorded = async ({ event_id, durable }: Receipt): Promise<SendResult> => {
  const outcome = await durable;
  return outcome.ok || outcome.reason === "volatile"
    ? { ok: true, event_id }
    : { ok: false, event_id, error: outcome.error };
};

/** A session that this page is in. */
export interface PageSession {
  /** Known when it has started. */
  session_id(): string;
  readonly started: Promise<SendResult>;
  end(): Promise<SendResult>;
}

export type BeginSession = (input: { readonly meter_id: string }, options: SessionOptions) => PageSession;

/** Sessions of one meter are one session, unless the scope is `process`; the last one that leaves ends it. */
export const shareSessions = (begin: BeginSession): StartSession => {
  const open = new Map<string, { handles: number; readonly session: PageSession }>();
  return async (input, options) => {
    const key = options.scope === "process" ? pageEventId(0) : input.meter_id;
    const shared = open.get(key) ?? { handles: 0, session: begin(input, options) };
    const { session } = shared;
    open.set(key, shared);
    // Before anything is awaited: the last of the others may leave meanwhile.
    shared.handles++;
    let ended: Promise<SendResult> | undefined;
    const leave = () => {
      if (--shared.handles > 0) return session.started;
      open.delete(key);
      return session.end();
    };
    const end = () => {
      ended ??= leave();
      return ended;
    };
    const started = await session.started;
    return {
      session_id: session.session_id(),
      started,
      end,
      [Symbol.asyncDispose]: async () => void (await end()),
    };
  };
};

/** Sessions of a page alone: both boundaries are recorded as any other event. */
export const pageSession =
  (record: (input: object) => Receipt): BeginSession =>
  (input, { startTime = Date.now() }) => {
    const session_id = pageEventId(startTime);
    const started = recorded(record({ ...input, session_id, start_time: startTime }));
    return {
      session_id: () => session_id,
      started,
      end: () => recorded(record({ ...input, session_id, end_time: Math.max(startTime, Date.now()) })),
    };
  };
