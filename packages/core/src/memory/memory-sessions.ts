import type { SessionAnswer, SessionChange, SessionRow } from "../strategies/outbox-session.ts";

/** The sessions of a store with one owner. */
export class MemorySessions {
  readonly #byId = new Map<string, { row: SessionRow; members: number }>();

  apply(change: SessionChange): SessionAnswer {
    if (change.change === "open") return this.#open(change.session);
    const open = this.#byId.get(change.session_id);
    if (open === undefined) return { state: "gone" };
    if (change.change === "finish") {
      this.#byId.delete(change.session_id);
      return { state: "kept" };
    }
    if (open.row.ended_at !== undefined) return { state: "gone" };
    if (change.change === "checkpoint") {
      open.row = { ...open.row, checkpoint_at: Math.max(open.row.checkpoint_at, change.at) };
      return { state: "kept" };
    }
    open.members--;
    if (open.members > 0) return { state: "kept" };
    open.row = { ...open.row, ended_at: change.at };
    return { state: "ended", session: open.row };
  }

  #open(session: SessionRow): SessionAnswer {
    for (const open of this.#byId.values()) {
      if (open.row.scope === session.scope && open.row.ended_at === undefined) {
        open.members++;
        return { state: "joined", session: open.row };
      }
    }
    this.#byId.set(session.session_id, { row: session, members: 1 });
    return { state: "opened" };
  }
}
