import type { PageEvent } from "@meter-lib/core";
import { utf8Bytes } from "@meter-lib/transport-beacon";
import { addRow, type EventRow } from "./event-rows.ts";
import { ask, keysOf, type Totals } from "./page-database.ts";
import { pageEventId } from "./page-event-id.ts";

/** A session that is on. The ids of both boundaries are fixed at its start, so that whoever ends it says the same. */
export interface SessionRow {
  /** Sessions of one scope are one session. */
  readonly scope: string;
  readonly start: PageEvent;
  readonly end_event_id: string;
  /** The database that has it; undefined: none yet. */
  readonly epoch?: string | undefined;
}

/** A page that is in a session. */
export interface PresenceRow {
  readonly producer: string;
  readonly session_id: string | undefined;
  readonly seen_at: number;
}

/** A transaction on sessions. */
export interface SessionChange {
  readonly rows: IDBObjectStore;
  readonly totals: Totals;
  readonly now: number;
  /** The page that makes it. */
  readonly me: string;
  readonly dead: ReadonlySet<string>;
  /** How long a session goes on without a sign of life while a page that lives is in it, and while none is. */
  readonly asleepMs: number;
  readonly resumeWithinMs: number;
  /** The boundaries that it stores, for the page to send. */
  readonly added: EventRow[];
}

export const newSession = (scope: string, start: PageEvent): SessionRow => ({
  scope,
  start,
  end_event_id: pageEventId(start.event_time),
});

export const presence = (producer: string, { start }: SessionRow, seen_at: number): PresenceRow => ({
  producer,
  session_id: start.session_id,
  seen_at,
});

export const endOf = ({ start, end_event_id }: SessionRow, at: number): PageEvent => {
  const end_time = Math.max(start.event_time, at);
  return { ...start, event_id: end_event_id, event_time: end_time, start_time: undefined, end_time };
};

const addEvent = ({ rows, totals, now, added }: SessionChange, event: PageEvent) => {
  const row = { event, bytes: utf8Bytes(JSON.stringify(event)), exposed_at: now, sent_at: undefined };
  addRow(rows, totals, row);
  added.push(row);
};

const endSession = (change: SessionChange, session: SessionRow, at: number) => {
  const { rows } = change;
  rows.delete(["s", session.scope]);
  rows.delete(keysOf("p", session.scope));
  addEvent(change, endOf(session, at));
};

/** Who is in it, and whether any of them lives. */
const presences = async ({ rows, me, dead }: SessionChange, { scope, start }: SessionRow) => {
  const all = await ask<PresenceRow[]>(rows.getAll(keysOf("p", scope)));
  const inIt = all.filter(({ session_id }) => session_id === start.session_id);
  return {
    seen_at: Math.max(start.event_time, ...inIt.map(({ seen_at }) => seen_at)),
    livesHere: inIt.some(({ producer }) => producer === me),
    livesElsewhere: inIt.some(({ producer }) => producer !== me && !dead.has(producer)),
  };
};

/** The session, unless nobody has been in it for too long: then it ends at its last sign of life. */
const tend = async (change: SessionChange, session: SessionRow | undefined) => {
  if (session === undefined) return undefined;
  const { seen_at, livesHere, livesElsewhere } = await presences(change, session);
  const patienceMs = livesHere || livesElsewhere ? change.asleepMs : change.resumeWithinMs;
  if (change.now - seen_at <= patienceMs) return session;
  endSession(change, session, seen_at);
  return undefined;
};

const getSession = ({ rows }: SessionChange, scope: string): Promise<SessionRow | undefined> =>
  ask(rows.get(["s", scope]));

/** Starts the session, goes on with it or joins it: answers the one that counts. */
export const holdSession = async (change: SessionChange, asked: SessionRow): Promise<SessionRow> => {
  const { rows, totals, me, now } = change;
  const { epoch } = totals;
  const { scope } = asked;
  let session = await tend(change, await getSession(change, scope));
  if (session === undefined) {
    session = asked.epoch === epoch ? newSession(scope, begunAnew(asked.start, now)) : asked;
    session = { ...session, epoch };
    rows.put(session, ["s", scope]);
    addEvent(change, session.start);
  }
  rows.put(presence(me, session, now), ["p", scope, me]);
  return session;
};

/** Another page ended it while this one slept. */
const begunAnew = (start: PageEvent, now: number): PageEvent => ({
  ...start,
  event_id: pageEventId(now),
  session_id: pageEventId(now),
  event_time: now,
  start_time: now,
});

/** This page is in it no more; the last one that lives ends it. */
export const leaveSession = async (change: SessionChange, left: SessionRow): Promise<void> => {
  const { rows, totals, me, now } = change;
  const session = await getSession(change, left.scope);
  if (session === undefined || session.start.session_id !== left.start.session_id) {
    // Gone with the database; else another page has ended it.
    if (left.epoch !== totals.epoch) endSession(change, left, now);
    return;
  }
  rows.delete(["p", left.scope, me]);
  const { livesElsewhere } = await presences(change, session);
  if (!livesElsewhere) endSession(change, session, now);
};

/** Ends the sessions that nobody is in any more. */
export const sweepSessions = async (change: SessionChange): Promise<void> => {
  for (const session of await ask<SessionRow[]>(change.rows.getAll(keysOf("s")))) await tend(change, session);
};
