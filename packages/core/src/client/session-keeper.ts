import { MeterError } from "../errors/meter-error.ts";
import type { EventContext } from "../event/check-event.ts";
import { createEventId } from "../event/event-id.ts";
import type { SessionRow } from "../strategies/outbox-session.ts";
import type { ClientCore } from "./client-core.ts";
import type { SendResult } from "./send-result.ts";
import type { Session, SessionOptions, SessionRecovery } from "./session.ts";

/** A session that this process is in. */
interface OpenSession {
  readonly row: SessionRow;
  readonly started: SendResult;
  readonly metadata: unknown;
  cancelCheckpoint: () => void;
}

/** It, and how many handles it has given out, from the moment they are asked for. */
interface SharedSession {
  readonly opening: Promise<OpenSession>;
  handles: number;
}

const RECOVERY_INTERVAL_MS = 30_000;

/**
 * Keeps the sessions of a client. Their ids, those of both boundaries too, are fixed at the start and stored before the
 * start is recorded; so whoever ends a session, its owner or a recoverer, ends it under the same id.
 */
export class SessionKeeper {
  readonly #core: ClientCore;
  readonly #checkpointMs: number;
  readonly #resumeWithinMs: number;
  readonly #open = new Map<string, SharedSession>();
  readonly #orphans = new Map<string, () => void>();
  #cancelRecovery = () => {};
  #claiming = Promise.resolve();
  #closed = false;

  constructor(
    core: ClientCore,
    { checkpointMs = 60_000, afterCrash = "close", resumeWithinMs = 300_000 }: SessionRecovery,
  ) {
    this.#core = core;
    this.#checkpointMs = checkpointMs;
    this.#resumeWithinMs = afterCrash === "resume" ? resumeWithinMs : 0;
    if (core.outbox.durable) void this.#recover();
  }

  async start(input: object, context: EventContext, options: SessionOptions): Promise<Session> {
    const { clock } = this.#core;
    const startedAt = options.startTime ?? clock.now();
    const session_id = createEventId(clock.now());
    const start_event_id = createEventId(clock.now());
    const end_event_id = createEventId(clock.now());
    const start = { ...input, session_id, event_id: start_event_id, start_time: startedAt };
    const event = this.#core.accept(start, context);
    if (event instanceof MeterError) return failedSession(session_id, event);
    const { tenant_id, device_id, meter_id, metadata } = event;
    const scope =
      options.scope === "process"
        ? `session ${session_id}`
        : JSON.stringify(["device", tenant_id, device_id, meter_id]);
    const row: SessionRow = {
      session_id,
      tenant_id,
      device_id,
      meter_id,
      scope,
      start_event_id,
      end_event_id,
      started_at: startedAt,
      checkpoint_at: startedAt,
      ended_at: undefined,
    };
    if (!this.#core.hasOutbox) return this.#posted(row, metadata);
    let shared = this.#open.get(scope);
    if (shared === undefined) {
      shared = { opening: this.#begin(row, metadata), handles: 0 };
      this.#open.set(scope, shared);
    }
    // Before anything is awaited: the last of the others may leave meanwhile.
    shared.handles++;
    return this.#handle(await shared.opening, shared);
  }

  /** Notes all open sessions as on until now; they go on in the outbox for whoever resumes or ends them. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRecovery();
    for (const cancel of this.#orphans.values()) cancel();
    for (const { opening } of this.#open.values()) {
      const open = await opening;
      open.cancelCheckpoint();
      await this.#checkpoint(open);
    }
  }

  // Without an outbox

  async #posted(row: SessionRow, metadata: unknown): Promise<Session> {
    const post = () => this.#core.send(startOf(row, metadata), {});
    const first = await post();
    let ended: Promise<SendResult> | undefined;
    const end = async (end_time: number): Promise<SendResult> => {
      if (!first.ok) {
        const again = await post();
        if (!again.ok) return again;
      }
      return this.#core.send(endOf(row, end_time, metadata), {});
    };
    return sessionHandle(row.session_id, first, () => {
      ended ??= end(Math.max(row.started_at, this.#core.clock.now()));
      return ended;
    });
  }

  // With an outbox

  async #begin(row: SessionRow, metadata: unknown): Promise<OpenSession> {
    const { engine } = this.#core;
    const open: OpenSession = {
      row,
      started: { ok: true, event_id: row.start_event_id },
      metadata,
      cancelCheckpoint: () => {},
    };
    // First, or this start would join a session whose process died long ago, and bill the time between.
    if (this.#core.outbox.durable) await this.#claim();
    try {
      const answer = await engine.store.session({ change: "open", session: row });
      if (answer.state === "joined") {
        await this.#resume(answer.session.session_id).catch(() => {});
        return this.#keep({
          ...open,
          row: answer.session,
          started: { ok: true, event_id: answer.session.start_event_id },
        });
      }
    } catch {
      // Without its row the session does not survive a crash; its boundaries are recorded all the same.
    }
    return this.#keep({ ...open, started: await this.#core.send(startOf(row, metadata), {}) });
  }

  #keep(open: OpenSession): OpenSession {
    const next = () => {
      open.cancelCheckpoint = this.#core.clock.schedule(this.#checkpointMs, () => {
        void this.#checkpoint(open);
        next();
      });
    };
    if (!this.#closed) next();
    return open;
  }

  async #checkpoint({ row }: OpenSession): Promise<void> {
    try {
      await this.#core.engine.store.session({
        change: "checkpoint",
        session_id: row.session_id,
        at: this.#core.clock.now(),
      });
    } catch {
      // The next one will tell.
    }
  }

  #handle(open: OpenSession, shared: SharedSession): Session {
    let ended: Promise<SendResult> | undefined;
    return sessionHandle(open.row.session_id, open.started, () => {
      ended ??= this.#leave(open, shared);
      return ended;
    });
  }

  async #leave(open: OpenSession, shared: SharedSession): Promise<SendResult> {
    const done: SendResult = { ok: true, event_id: open.row.end_event_id };
    shared.handles--;
    if (shared.handles > 0) return done;
    open.cancelCheckpoint();
    this.#open.delete(open.row.scope);
    const at = Math.max(open.row.started_at, this.#core.clock.now());
    try {
      const answer = await this.#core.engine.store.session({
        change: "leave",
        session_id: open.row.session_id,
        at,
      });
      // Others are still in it, or another has ended it under the same id.
      if (answer.state !== "ended") return done;
      return await this.#finish(answer.session, open.metadata);
    } catch {
      return this.#core.send(endOf(open.row, at, open.metadata), {});
    }
  }

  /** Records the end, then lets the row go: a crash in between makes a recoverer record the same end again. */
  async #finish(row: SessionRow, metadata: unknown): Promise<SendResult> {
    const result = await this.#core.send(endOf(row, row.ended_at ?? row.checkpoint_at, metadata), {});
    await this.#core.engine.store.session({ change: "finish", session_id: row.session_id });
    return result;
  }

  // After a crash

  async #recover(): Promise<void> {
    await this.#claim();
    if (!this.#closed)
      this.#cancelRecovery = this.#core.clock.schedule(RECOVERY_INTERVAL_MS, () => void this.#recover());
  }

  /** Takes up what crashed processes left. One claim after the other, so that nobody joins a session that is being ended. */
  #claim(): Promise<void> {
    this.#claiming = this.#claiming.then(() => this.#claimOrphans());
    return this.#claiming;
  }

  async #claimOrphans(): Promise<void> {
    try {
      for (const row of await this.#core.engine.store.claimSessions()) {
        const age = Math.max(0, this.#core.clock.now() - row.checkpoint_at);
        if (row.ended_at !== undefined || age >= this.#resumeWithinMs) await this.#endOrphan(row);
        else this.#awaitResumption(row, this.#resumeWithinMs - age);
      }
    } catch {
      // A store that fails is asked again later.
    }
  }

  #awaitResumption(row: SessionRow, delayMs: number): void {
    const cancel = this.#core.clock.schedule(delayMs, () => {
      this.#orphans.delete(row.session_id);
      void this.#endOrphan(row).catch(() => {});
    });
    this.#orphans.set(row.session_id, cancel);
  }

  /** Joined, it is an orphan no more: the claim's own place in it is given back. */
  async #resume(session_id: string): Promise<void> {
    const cancel = this.#orphans.get(session_id);
    if (cancel === undefined) return;
    cancel();
    this.#orphans.delete(session_id);
    await this.#core.engine.store.session({ change: "leave", session_id, at: this.#core.clock.now() });
  }

  async #endOrphan(row: SessionRow): Promise<void> {
    // The crash may have come before the start was recorded; if it was, this is a repeat and counts no more.
    await this.#core.send(startOf(row, undefined), {});
    if (row.ended_at !== undefined) {
      await this.#finish(row, undefined);
      return;
    }
    const answer = await this.#core.engine.store.session({
      change: "leave",
      session_id: row.session_id,
      at: row.checkpoint_at,
    });
    if (answer.state === "ended") await this.#finish(answer.session, undefined);
  }
}

const boundaryOf = ({ tenant_id, device_id, meter_id, session_id }: SessionRow, metadata: unknown) => ({
  tenant_id,
  device_id,
  meter_id,
  session_id,
  ...(metadata === undefined ? {} : { metadata }),
});

const startOf = (row: SessionRow, metadata: unknown): object => ({
  ...boundaryOf(row, metadata),
  event_id: row.start_event_id,
  event_time: row.started_at,
  start_time: row.started_at,
});

const endOf = (row: SessionRow, end_time: number, metadata: unknown): object => ({
  ...boundaryOf(row, metadata),
  event_id: row.end_event_id,
  event_time: end_time,
  end_time,
});

const sessionHandle = (session_id: string, started: SendResult, end: () => Promise<SendResult>): Session => ({
  session_id,
  started,
  end,
  [Symbol.asyncDispose]: async () => {
    await end();
  },
});

const failedSession = (session_id: string, error: MeterError): Session => {
  const result: SendResult = { ok: false, event_id: undefined, error };
  return sessionHandle(session_id, result, () => Promise.resolve(result));
};
