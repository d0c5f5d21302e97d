import type { Catalog, MeterError, PageEvent, Receipt, SendResult, SessionOptions } from "@meter-lib/core";
import { deadOwners, holdOwnerLock, webLocks } from "@meter-lib/outbox-indexeddb/owner-life";
import type { EventRow } from "./event-rows.ts";
import { ask, keysOf, type PageDatabase } from "./page-database.ts";
import { pageEventId } from "./page-event-id.ts";
import type { PageMeterOptions } from "./page-meter-options.ts";
import { type PageSession, pageSession, type StartSession, shareSessions } from "./page-sessions.ts";
import {
  endOf,
  holdSession,
  leaveSession,
  newSession,
  type PresenceRow,
  presence,
  type SessionChange,
  type SessionRow,
  sweepSessions,
} from "./session-rows.ts";

const ASLEEP_MS = 180_000;

export interface DurableSessionsParts {
  readonly options: PageMeterOptions<Catalog>;
  readonly database: PageDatabase;
  readonly name: string;
  readonly me: string;
  readonly leaseMs: number;
  readonly check: (input: unknown) => { readonly event: PageEvent; readonly error: MeterError | undefined };
  readonly record: (input: unknown) => Receipt;
  /** Does something with the database; undefined when it does not work. */
  readonly use: <Answer>(work: () => Promise<Answer>) => Promise<Answer | undefined>;
  /** Takes up what was stored. */
  readonly adopt: (rows: readonly EventRow[], epoch: string) => void;
}

export interface DurableSessions {
  readonly start: StartSession;
  sweep(): Promise<void>;
  /** Notes all sessions as on, in the task that calls it. */
  touch(): void;
  sleep(): void;
  wake(): void;
  close(): void;
}

interface HeldSession {
  row: SessionRow;
  /** It is not to be held again, also by what is on its way. */
  isOver: boolean;
}

/** Sessions that all pages share and that outlive their page. */
export const durableSessions = (parts: DurableSessionsParts): DurableSessions => {
  const { options, database, name, me, leaseMs, check, record, use, adopt } = parts;
  const { device_id = "web", sessions: { checkpointMs = 15_000, resumeWithinMs = 30_000 } = {} } = options;
  const held = new Set<HeldSession>();
  let beat: ReturnType<typeof setInterval> | undefined;
  /** The lock that shows that this page lives. */
  let life: Promise<() => void> | undefined;

  const show = async () => {
    const locks = webLocks();
    if (locks !== undefined) life ??= holdOwnerLock(locks, name, me);
    await life;
  };

  const hide = () => {
    life?.then((release) => release());
    life = undefined;
  };

  const change = async <Answer>(work: (change: SessionChange) => Promise<Answer>): Promise<Answer> => {
    const present = await database.change((rows) => ask<PresenceRow[]>(rows.getAll(keysOf("p"))));
    const dead = await deadOwners(present, name, leaseMs);
    let added: EventRow[] = [];
    let epoch = "";
    const answer = await database.change((rows, totals) => {
      // It may be done anew.
      added = [];
      epoch = totals.epoch;
      return work({
        rows,
        totals,
        me,
        dead: new Set(dead.map(({ producer }) => producer)),
        now: Date.now(),
        asleepMs: Math.max(ASLEEP_MS, 2 * checkpointMs),
        resumeWithinMs,
        added,
      });
    });
    adopt(added, epoch);
    return answer;
  };

  const hold = (session: HeldSession) =>
    use(async () => {
      await show();
      session.row = await change(async (tx) => (session.isOver ? session.row : holdSession(tx, session.row)));
      return true;
    });

  const holdAll = () => {
    for (const session of held) void hold(session);
  };

  const begin = (input: { readonly meter_id: string }, options: SessionOptions): PageSession => {
    const { startTime: start_time = Date.now(), scope } = options;
    const { event, error } = check({
      ...input,
      session_id: pageEventId(start_time),
      event_time: start_time,
      start_time,
    });
    if (error !== undefined) return pageSession(record)(input, options);
    const key = scope === "process" ? event.event_id : JSON.stringify([event.meter_id, device_id]);
    const session: HeldSession = { row: newSession(key, event), isOver: false };
    let volatile: PageSession | undefined;
    const start = async (): Promise<SendResult> => {
      if (await hold(session)) {
        held.add(session);
        beat ??= setInterval(holdAll, checkpointMs);
        return { ok: true, event_id: session.row.start.event_id };
      }
      volatile = pageSession(record)(input, { ...options, startTime: start_time });
      return volatile.started;
    };
    return {
      session_id: () => volatile?.session_id() ?? String(session.row.start.session_id),
      started: start(),
      end: async () => {
        held.delete(session);
        session.isOver = true;
        if (volatile !== undefined) return volatile.end();
        const at = Date.now();
        const isLeft = await use(async () => {
          await change((tx) => leaveSession({ ...tx, now: at }, session.row));
          return true;
        });
        // The database does not work any more; under the same id the end counts once, whoever else ends it.
        if (!isLeft) record({ ...input, ...endOf(session.row, at) });
        return { ok: true, event_id: session.row.end_event_id };
      },
    };
  };

  return {
    start: shareSessions(begin),
    sweep: () => change(sweepSessions),
    touch: () => {
      for (const { row } of held) database.putNow(presence(me, row, Date.now()), ["p", row.scope, me]);
    },
    sleep: hide,
    wake: holdAll,
    close: () => {
      clearInterval(beat);
      hide();
    },
  };
};
