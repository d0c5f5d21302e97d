import { MeterError, type MeterErrorCode } from "../errors/meter-error.ts";
import type { SessionRow } from "../log/store/tables.ts";
import type { SendResult } from "./send-result.ts";
import { endOf, startOf } from "./session-boundary.ts";
import type { SessionHost } from "./session-host.ts";

const RETRY_INTERVAL_MS = 30_000;
// Another attempt in this process would not help; another process may record it.
const FINAL: ReadonlySet<MeterErrorCode> = new Set(["invalid_event", "id_conflict", "closed"]);

/** Ends sessions in the outbox. If an end cannot be recorded, it is retried until it is, under the same id and time. */
export class SessionEnds {
  readonly #host: SessionHost;
  /** By session id. */
  readonly #unrecorded = new Map<string, () => Promise<SendResult>>();
  #cancelRetry: (() => void) | undefined;

  constructor(host: SessionHost) {
    this.#host = host;
  }

  /**
   * Removes this owner from a session, records the end if it was the last owner, then deletes the row. After a crash in between, another
   * process records the same end again.
   * @param isStartSure - if false, the start is recorded first; a repeat is not counted again
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
        // Others are still in it, or another owner has ended it under the same id.
        if (answer.state !== "ended") return { ok: true, event_id: row.end_event_id };
        left = answer.session;
      }
      const result = await this.#host.send(endOf(row, left.ended_at ?? at), {});
      if (!result.ok && result.error.code !== "id_conflict") return result;
      await this.#host.changeSession({ change: "finish", session_id });
      return result;
    });
  }

  /** Ends a session whose row the outbox never had, so no other process will end it. */
  endUnstored(row: SessionRow, at: number): Promise<SendResult> {
    return this.#persist(row.session_id, () => this.#host.send(endOf(row, at), {}, true));
  }

  /** Tries the rest once more, then stops. */
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
    "the end of the session could not be stored yet; it is retried until it is",
    { cause },
  ),
});
