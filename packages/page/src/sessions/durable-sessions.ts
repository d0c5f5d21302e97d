import type { PageEvent } from "@meter-lib/core/wire";
import { ask } from "../database/indexed-db.ts";
import { addEvent, type PageDatabase } from "../database/page-database.ts";
import type { PageLocks } from "../database/page-locks.ts";
import type { PageOutboxParts } from "../delivery/page-outbox.ts";
import { pageEventId } from "../event/page-event-id.ts";
import { type WireEvent, wireEvent } from "../event/wire-event.ts";
import { type BeginSession, pageSession, type StartSession, shareSessions } from "./page-sessions.ts";
import { begunAnew, endOf, newSession, type PageRow, type SessionRow } from "./session-row.ts";

const ASLEEP_MS = 180_000;

export interface DurableSessionsParts extends PageOutboxParts {
  readonly database: PageDatabase;
  readonly locks: PageLocks;
  /** This page. */
  readonly me: string;
  /** Loads the stored sessions. */
  readonly adopt: (stored: WireEvent) => void;
}

export interface DurableSessions {
  readonly start: StartSession;
  /** Ends sessions that no page is in any more, and checkpoints those of this page. */
  tend(): Promise<void>;
  /** Checkpoints them in the calling task. */
  touch(): void;
  close(): void;
}

/** A session that this page is in, or has left. */
interface HeldSession {
  /** Sessions with the same scope are one session. */
  readonly scope: string;
  row: SessionRow;
  /** The database that has it; undefined if none yet. */
  epoch?: string;
  ended_at?: number;
}

/** Sessions that all pages share and that outlive their page. */
export const durableSessions = (parts: DurableSessionsParts): DurableSessions => {
  const { options, database, locks, me, check, record, adopt } = parts;
  const { device_id = "web", sessions: { checkpointMs = 15_000, resumeWithinMs = 30_000 } = {} } = options;
  const held = new Set<HeldSession>();
  let beat: ReturnType<typeof setInterval> | undefined;

  const tend = async () => {
    if (held.size > 0) await locks.show();
    const lives = await locks.living();
    await database.change(async (rows) => {
      const { pages, head, after } = rows;
      const { sessions, epoch } = head;
      const seen: PageRow[] = await ask(pages.getAll());
      const now = Date.now();
      const pagesIn = (session: SessionRow) => seen.filter(({ producer }) => session.pages.has(producer));
      const add = (event: PageEvent) => {
        const wire = wireEvent(event);
        addEvent(rows, wire);
        after(() => adopt(wire));
      };
      const end = (scope: string, session: SessionRow, at: number) => {
        sessions.delete(scope);
        add(endOf(session, at));
      };

      for (const [scope, session] of sessions) {
        const inIt = pagesIn(session);
        const seen_at = Math.max(session.start.event_time, ...inIt.map((page) => page.seen_at));
        const isAlive = session.pages.has(me) || inIt.some(lives);
        const patienceMs = isAlive ? Math.max(ASLEEP_MS, 2 * checkpointMs) : resumeWithinMs;
        if (now - seen_at > patienceMs) end(scope, session, seen_at);
      }
      for (const one of held) {
        const { scope, row, ended_at } = one;
        const found = sessions.get(scope);
        if (ended_at === undefined) {
          // Another page ended it while this one was suspended; else it is new, or the database was deleted.
          const session = found ?? (one.epoch === epoch ? begunAnew(row, now) : row);
          if (found === undefined) add(session.start);
          sessions.set(scope, session);
          session.pages.add(me);
          pages.put({ producer: me, seen_at: now }, me);
          after(() => {
            one.row = session;
            one.epoch = epoch;
          });
          continue;
        }
        if (found && found.start.session_id === row.start.session_id) {
          found.pages.delete(me);
          if (!pagesIn(found).some(lives)) end(scope, found, ended_at);
        } else if (one.epoch !== epoch) add(endOf(row, ended_at));
        after(() => held.delete(one));
      }
      for (const { producer } of seen)
        if (![...sessions.values()].some((session) => session.pages.has(producer))) pages.delete(producer);
    });
  };

  const begin: BeginSession = async (input, { startTime = Date.now(), scope }) => {
    const times = { event_time: startTime, start_time: startTime };
    const { event, error } = check({ ...input, ...times, session_id: pageEventId(startTime) });
    const one: HeldSession = {
      scope: scope === "process" ? event.event_id : JSON.stringify([event.meter_id, device_id]),
      row: newSession(event),
    };
    if (error === undefined) {
      held.add(one);
      await tend();
      if (one.epoch === undefined) held.delete(one);
    }
    // The row is damaged, or the database fails.
    if (one.epoch === undefined) return pageSession(record)(input, { startTime });
    beat ??= setInterval(tend, checkpointMs);
    const { start } = one.row;
    return {
      session_id: String(start.session_id),
      started: { ok: true, event_id: start.event_id },
      end: async () => {
        one.ended_at = Date.now();
        await tend();
        // The database no longer works. Under the same id the end counts once, whoever else ends it.
        if (held.delete(one)) record({ ...input, ...endOf(one.row, one.ended_at) });
        return { ok: true, event_id: one.row.end_event_id };
      },
    };
  };

  return {
    start: shareSessions(begin),
    tend,
    touch: () => {
      if (held.size > 0) database.putNow({ producer: me, seen_at: Date.now() });
    },
    close: () => clearInterval(beat),
  };
};
