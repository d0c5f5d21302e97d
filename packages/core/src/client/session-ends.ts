import { MeterError, type MeterErrorCode } from "../errors/meter-error.ts";
import type { SessionRow } from "../log/tables.ts";
import type { SendResult } from "./send-result.ts";
import { endOf, startOf } from "./session-boundary.ts";
import type { SessionHost } from "./session-host.ts";

const RETRY_INTERVAL_MS = 30_000;
// Trying again in this process would change nothing; another one may record it.
const FINAL: ReadonlySet<MeterErrorCode> = new Set(["invalid_event", "id_conflict", "closed"]);

/** Ends sessions in the outbox. An end that cannot be recorded is tried again until it is, under the same id and with the same time. */
export class SessionEnds {
  readonly #host: SessionHost;
  /** By session id. */
  readonly #unrecorded = new Map<string, () => Promise<SendResult>>();
  #cancelRetry: (() => void) | undefined;

  constructor(host: SessionHost) {
    this.#host = host;
  }

  /**
   * Takes this owner out of a session at a time, and records its end if it was the last one, then lets the row go: a crash in between
   * makes a recoverer record the same end again.
   * @param isStartSure - else the start is recorded first; if it was, that is a repeat and counts no more
   */
  end(row: SessionRow, at: number, isStartSure: boolean): Promise<SendResult> {
    const { session_id } = row;
    let isStarted = isStartSure;
    let left = row.ended_at === undefined ? undefined : row;
    return this.#persist(session_id, async () => {
      if (!isStarted) {
        const started = await this.#host.send(startOf(row), {});
        if (!started.ok && started.error.code !== "id_conflict") return started;
        isStarted = true;
      }
      if (left === undefined) {
        const answer = await this.#host.changeSession({ change: "leave", session_id, at });
        // Others are still in it, or another has ended it under the same id.
        if (answer.state !== "ended") return { ok: true, event_id: row.end_event_id };
        left = answer.session;
      }
      const result = await this.#host.send(endOf(row, left.ended_at ?? at), {});
      if (!result.ok && result.error.code !== "id_conflict") return result;
      await this.#host.changeSession({ change: "finish", session_id });
      return result;
    });
  }

  /** Ends a session whose row the outbox never had, so that nobody else does. */
  endUnstored(row: SessionRow, at: number): Promise<SendResult> {
    return this.#persist(row.session_id, () => this.#host.send(endOf(row, at), {}, true));
  }

  /** Tries what is left once more, then no more. */
  async close(): Promise<void> {
    this.#cancelRetry?.();
    await this.#retry();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  async #persist(session_id: string, end: () => Promise<SendResult>): Promise<SendResult> {
    const result = await end().catch(outboxFailed);
    if (result.ok || FINAL.has(result.error.code)) {
      this.#unrecorded.delete(session_id);
    } else {
      this.#unrecorded.set(session_id, end);
      this.#cancelRetry ??= this.#host.clock.schedule(RETRY_INTERVAL_MS, () => void this.#retry());
    }
    return result;
  }

  async #retry(): Promise<void> {
    this.#cancelRetry = undefined;
    for (const [session_id, end] of [...this.#unrecorded]) await this.#persist(session_id, end);
  }
}

const outboxFailed = (cause: unknown): SendResult => ({
  ok: false,
  event_id: undefined,
  error: new MeterError(
    "outbox_failed",
    "the end of the session could not be stored yet; it is tried again until it is",
    { cause },
  ),
});
