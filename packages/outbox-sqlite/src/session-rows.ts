import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SessionAnswer, SessionChange, SessionRow } from "@meter-lib/core";
import { parseJson, readMetadata } from "./metadata-json.ts";
import { type Row, readNumber, readOptionalNumber, readOptionalText, readText } from "./read-column.ts";

const COLUMNS =
  "session_id, tenant_id, device_id, meter_id, scope, start_event_id, end_event_id, started_at, checkpoint_at, ended_at, metadata";

const session = (row: Row): SessionRow => ({
  session_id: readText(row, "session_id"),
  tenant_id: readText(row, "tenant_id"),
  device_id: readText(row, "device_id"),
  meter_id: readText(row, "meter_id"),
  scope: readText(row, "scope"),
  start_event_id: readText(row, "start_event_id"),
  end_event_id: readText(row, "end_event_id"),
  started_at: readNumber(row, "started_at"),
  checkpoint_at: readNumber(row, "checkpoint_at"),
  ended_at: readOptionalNumber(row, "ended_at"),
  metadata: readMetadata(parseJson(readOptionalText(row, "metadata") ?? "")),
});

/** Sessions and who is in them. One that nobody is in waits to be claimed. */
export class SessionRows {
  readonly #byScope: StatementSync;
  readonly #held: StatementSync;
  readonly #insert: StatementSync;
  readonly #enter: StatementSync;
  readonly #leave: StatementSync;
  readonly #present: StatementSync;
  readonly #checkpoint: StatementSync;
  readonly #end: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeHolders: StatementSync;
  readonly #abandoned: StatementSync;
  readonly #vacate: StatementSync;

  constructor(db: DatabaseSync) {
    this.#byScope = db.prepare(`SELECT ${COLUMNS} FROM sessions WHERE scope = ? AND ended_at IS NULL`);
    this.#held = db.prepare(`
      SELECT ${COLUMNS}, times FROM sessions JOIN session_holders USING (session_id) WHERE session_id = ? AND holder = ?`);
    this.#insert = db.prepare(`
      INSERT INTO sessions (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id) DO NOTHING`);
    this.#enter = db.prepare(`
      INSERT INTO session_holders (session_id, holder, times) VALUES (?, ?, 1)
      ON CONFLICT (session_id, holder) DO UPDATE SET times = times + 1`);
    this.#leave = db.prepare("DELETE FROM session_holders WHERE session_id = ? AND holder = ?");
    this.#present = db.prepare("SELECT total(times) AS times FROM session_holders WHERE session_id = ?");
    this.#checkpoint = db.prepare(
      "UPDATE sessions SET checkpoint_at = max(checkpoint_at, ?) WHERE session_id = ?",
    );
    this.#end = db.prepare("UPDATE sessions SET ended_at = ? WHERE session_id = ?");
    this.#remove = db.prepare("DELETE FROM sessions WHERE session_id = ?");
    this.#removeHolders = db.prepare("DELETE FROM session_holders WHERE session_id = ?");
    this.#abandoned = db.prepare(`
      SELECT ${COLUMNS} FROM sessions
      WHERE NOT EXISTS (SELECT 1 FROM session_holders WHERE session_holders.session_id = sessions.session_id)
      ORDER BY started_at, session_id`);
    this.#vacate = db.prepare("DELETE FROM session_holders WHERE holder = ?");
  }

  apply(change: SessionChange, owner: number): SessionAnswer {
    if (change.change === "open") return this.#open(change.session, owner);
    const row = this.#held.get(change.session_id, owner);
    if (row === undefined) return { state: "gone" };
    const { session_id } = change;
    if (change.change === "finish") {
      this.#remove.run(session_id);
      this.#removeHolders.run(session_id);
      return { state: "kept" };
    }
    const known = session(row);
    if (known.ended_at !== undefined) return { state: "gone" };
    if (change.change === "checkpoint") {
      this.#checkpoint.run(change.at, session_id);
      return { state: "kept" };
    }
    if (readNumber(this.#present.get(session_id), "times") > 1) {
      this.#leaveOnce(session_id, owner, readNumber(row, "times"));
      return { state: "kept" };
    }
    // The last one stays its holder until the end is recorded, so that nobody else recovers it meanwhile.
    this.#end.run(change.at, session_id);
    return { state: "ended", session: { ...known, ended_at: change.at } };
  }

  claim(owner: number): readonly SessionRow[] {
    const sessions = this.#abandoned.all().map(session);
    for (const { session_id } of sessions) this.#enter.run(session_id, owner);
    return sessions;
  }

  /** Takes an owner out of all sessions without ending them. */
  vacate(owner: number): void {
    this.#vacate.run(owner);
  }

  #leaveOnce(session_id: string, owner: number, times: number): void {
    this.#leave.run(session_id, owner);
    for (let left = 1; left < times; left++) this.#enter.run(session_id, owner);
  }

  #open(opened: SessionRow, owner: number): SessionAnswer {
    const open = this.#byScope.get(opened.scope);
    if (open !== undefined) {
      const joined = session(open);
      this.#enter.run(joined.session_id, owner);
      return { state: "joined", session: joined };
    }
    const inserted = this.#insert.run(
      opened.session_id,
      opened.tenant_id,
      opened.device_id,
      opened.meter_id,
      opened.scope,
      opened.start_event_id,
      opened.end_event_id,
      opened.started_at,
      opened.checkpoint_at,
      opened.ended_at ?? null,
      opened.metadata === undefined ? null : JSON.stringify(opened.metadata),
    );
    // An id of another scope's session, or of one that ended: not this owner's.
    if (inserted.changes === 0) return { state: "gone" };
    this.#enter.run(opened.session_id, owner);
    return { state: "opened" };
  }
}
