import type { SessionRow } from "../log/store/tables.ts";
import type { SessionEnds } from "./session-ends.ts";
import type { SessionHost } from "./session-host.ts";

const RECOVERY_INTERVAL_MS = 30_000;

/** Takes over the sessions that crashed processes left open. Ends them, or keeps them for a while so that they can be resumed. */
export class OrphanSessions {
  readonly #host: SessionHost;
  readonly #ends: SessionEnds;
  readonly #resumeWithinMs: number;
  /** Sessions that may still be resumed; each entry stops its timer. */
  readonly #resumable = new Map<string, () => void>();
  #cancelNext = () => {};
  #claiming = Promise.resolve();
  #closed = false;

  /** @param resumeWithinMs - how long after its last checkpoint a session may be resumed; 0 means never */
  constructor(host: SessionHost, ends: SessionEnds, resumeWithinMs: number) {
    this.#host = host;
    this.#ends = ends;
    this.#resumeWithinMs = resumeWithinMs;
    void this.#claimAgainAndAgain();
  }

  /** Claims run one after the other, so that no caller joins a session that is being ended. */
  claim(): Promise<void> {
    this.#claiming = this.#claiming.then(() => this.#claimOnce());
    return this.#claiming;
  }

  /** A joined session is no longer an orphan: the claim's own membership is given back. */
  async resumed(session_id: string): Promise<void> {
    const cancel = this.#resumable.get(session_id);
    if (cancel === undefined) return;
    cancel();
    this.#resumable.delete(session_id);
    await this.#host.changeSession({ change: "leave", session_id, at: this.#host.clock.now() });
  }

  close(): void {
    this.#closed = true;
    this.#cancelNext();
    for (const cancel of this.#resumable.values()) cancel();
  }

  async #claimAgainAndAgain(): Promise<void> {
    await this.claim();
    if (this.#closed) return;
    this.#cancelNext = this.#host.clock.schedule(RECOVERY_INTERVAL_MS, () => void this.#claimAgainAndAgain());
  }

  async #claimOnce(): Promise<void> {
    let rows: readonly SessionRow[] = [];
    try {
      rows = await this.#host.claimSessions();
    } catch {
      // If the store fails, it is asked again later.
    }
    for (const row of rows) {
      const age = Math.max(0, this.#host.clock.now() - row.checkpoint_at);
      if (row.ended_at !== undefined || age >= this.#resumeWithinMs) await this.#end(row);
      else this.#awaitResumption(row, this.#resumeWithinMs - age);
    }
  }

  #awaitResumption(row: SessionRow, delayMs: number): void {
    const cancel = this.#host.clock.schedule(delayMs, () => {
      this.#resumable.delete(row.session_id);
      void this.#end(row);
    });
    this.#resumable.set(row.session_id, cancel);
  }

  /** At the time when its last owner left, else at its last checkpoint. */
  async #end(row: SessionRow): Promise<void> {
    // The process may have crashed before the start was recorded.
    await this.#ends.end(row, row.ended_at ?? row.checkpoint_at, false);
  }
}
