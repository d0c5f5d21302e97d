import { MeterError } from "../errors/meter-error.ts";
import type { EventContext } from "../event/check-event.ts";
import { createEventId } from "../event/event-id.ts";
import type { SessionRow } from "../log/store/tables.ts";
import { OrphanSessions } from "./orphan-sessions.ts";
import type { SendResult } from "./send-result.ts";
import type { Session, SessionOptions, SessionRecovery } from "./session.ts";
import { endOf, startOf } from "./session-boundary.ts";
import { SessionEnds } from "./session-ends.ts";
import type { SessionHost } from "./session-host.ts";

/** A session that this process is in. */
interface OpenSession {
  readonly row: SessionRow;
  readonly started: SendResult;
  /** Whether the outbox has the row; if not, the session does not survive a crash. */
  readonly isStored: boolean;
  cancelCheckpoint: () => void;
}

/** The session and its number of handles, from the moment they are requested. */
interface SharedSession {
  readonly opening: Promise<OpenSession>;
  handles: number;
}

/**
 * Manages the sessions of a client. The ids of a session and of both boundaries are fixed and stored before the start is recorded, so owner
 * and recoverer end it under the same id.
 */
export class SessionRegistry {
  readonly #host: SessionHost;
  readonly #checkpointMs: number;
  readonly #open = new Map<string, SharedSession>();
  readonly #ends: SessionEnds;
  readonly #orphans: OrphanSessions | undefined;
  #closed = false;

  constructor(
    host: SessionHost,
    { checkpointMs = 60_000, afterCrash = "close", resumeWithinMs = 300_000 }: SessionRecovery,
  ) {
    this.#host = host;
    this.#checkpointMs = checkpointMs;
    this.#ends = new SessionEnds(host);
    this.#orphans = host.durable
      ? new OrphanSessions(host, this.#ends, afterCrash === "resume" ? resumeWithinMs : 0)
      : undefined;
  }

  async start(input: object, context: EventContext, options: SessionOptions): Promise<Session> {
    const { clock } = this.#host;
    const startedAt = options.startTime ?? clock.now();
    const session_id = createEventId(clock.now());
    const start_event_id = createEventId(clock.now());
    const end_event_id = createEventId(clock.now());
    const start = { ...input, session_id, event_id: start_event_id, start_time: startedAt };
    const event = this.#host.accept(start, context);
    if (event instanceof MeterError) return failedSession(session_id, event);
    const { tenant_id, device_id, meter_id, metadata } = event.event;
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
      metadata,
    };
    let shared = this.#open.get(scope);
    if (shared === undefined) {
      shared = { opening: this.#host.hasOutbox ? this.#begin(row) : this.#post(row), handles: 0 };
      this.#open.set(scope, shared);
    }
    // Before any await: the last of the others may leave in the meantime.
    shared.handles++;
    return this.#handle(await shared.opening, shared);
  }

  /** Checkpoints all open sessions. */
  async checkpoint(): Promise<void> {
    await Promise.all([...this.#open.values()].map(async ({ opening }) => this.#checkpoint(await opening)));
  }

  /** Takes over the sessions of dead processes; resolves when those to be ended have ended. */
  async recover(): Promise<void> {
    await this.#orphans?.claim();
  }

  /** Checkpoints all open sessions; they stay open in the outbox until another process resumes or ends them. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#orphans?.close();
    for (const { opening } of this.#open.values()) (await opening).cancelCheckpoint();
    await this.checkpoint();
    await this.#ends.close();
  }

  // Without an outbox

  async #post(row: SessionRow): Promise<OpenSession> {
    const started = await this.#host.send(startOf(row), {});
    return { row, started, isStored: false, cancelCheckpoint: () => {} };
  }

  /** If the start did not arrive, it is sent again first. */
  async #postEnd(row: SessionRow, at: number, started: SendResult): Promise<SendResult> {
    const again = started.ok ? started : await this.#host.send(startOf(row), {});
    return again.ok ? this.#host.send(endOf(row, at), {}) : again;
  }

  // With an outbox

  async #begin(row: SessionRow): Promise<OpenSession> {
    // First, or this start would join a session whose process died long ago and bill the time in between.
    await this.#orphans?.claim();
    let isStored = false;
    try {
      const answer = await this.#host.changeSession({ change: "open", session: row });
      isStored = answer.state !== "gone";
      if (answer.state === "joined") {
        const { session } = answer;
        await this.#orphans?.resumed(session.session_id).catch(() => {});
        return this.#keep(session, { ok: true, event_id: session.start_event_id }, isStored);
      }
    } catch {
      // Its boundaries are recorded anyway.
    }
    return this.#keep(row, await this.#host.send(startOf(row), {}, true), isStored);
  }

  #keep(row: SessionRow, started: SendResult, isStored: boolean): OpenSession {
    const open: OpenSession = { row, started, isStored, cancelCheckpoint: () => {} };
    const next = () => {
      open.cancelCheckpoint = this.#host.clock.schedule(this.#checkpointMs, () => {
        void this.#checkpoint(open);
        next();
      });
    };
    if (!this.#closed) next();
    return open;
  }

  async #checkpoint({ row, isStored }: OpenSession): Promise<void> {
    if (!isStored) return;
    try {
      await this.#host.changeSession({
        change: "checkpoint",
        session_id: row.session_id,
        at: this.#host.clock.now(),
      });
    } catch {
      // The next checkpoint will tell.
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
    const { row, started, isStored, cancelCheckpoint } = open;
    shared.handles--;
    if (shared.handles > 0) return { ok: true, event_id: row.end_event_id };
    cancelCheckpoint();
    this.#open.delete(row.scope);
    const at = Math.max(row.started_at, this.#host.clock.now());
    if (!this.#host.hasOutbox) return this.#postEnd(row, at, started);
    return isStored ? this.#ends.end(row, at, started.ok) : this.#ends.endUnstored(row, at);
  }
}

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
