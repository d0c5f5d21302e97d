import type { DatabaseSync, StatementSync } from "node:sqlite";
import { describeValue, type EventIssue, MeterError } from "@meter-lib/core";
import type { ClaimAnswer, ClaimEntry, ClaimRequest, DedupStore } from "../dedup-store.ts";
import { openDedupFile } from "./open-dedup-file.ts";

export interface SqliteDedupOptions {
  /** The file; created with mode 0600. On a local disk: SQLite's WAL does not work on network shares. */
  readonly path: string;
  /** How long an identity is remembered, in milliseconds. @default 604_800_000 (7 days) */
  readonly windowMs?: number;
  /** About how many identities are remembered at most; beyond that new ones are turned away. @default 10_000_000 */
  readonly maxEntries?: number;
  /** How long a call waits, in milliseconds, while another process writes. @default 5_000 */
  readonly busyTimeoutMs?: number;
}

interface Identity {
  readonly id: number;
  readonly note: string;
  /** Null when confirmed. */
  readonly owner: string | null;
  readonly leaseUntil: number;
}

const WEEK_MS = 604_800_000;
const FORGET_AT_ONCE = 1_000;

/**
 * Dedup in an SQLite file, for one machine: it outlives processes and power cuts, and several processes may share it. Every
 * call is one transaction, and works in the calling thread.
 *
 * @throws MeterError `invalid_options`, also for a file that is no dedup store
 */
export const sqliteDedup = ({
  path,
  windowMs = WEEK_MS,
  maxEntries = 10_000_000,
  busyTimeoutMs = 5_000,
}: SqliteDedupOptions): DedupStore => {
  const issues: EventIssue[] = [];
  if (typeof path !== "string" || path === "" || path.startsWith(":") || path.startsWith("file:"))
    issues.push({ field: "path", given: describeValue(path), expected: "the path of a file" });
  for (const [field, value] of Object.entries({ windowMs, maxEntries, busyTimeoutMs })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    issues.push({ field, given: describeValue(value), expected: "an integer above 0" });
  }
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return new SqliteDedup(openDedupFile(path, busyTimeoutMs), path, windowMs, maxEntries);
};

class SqliteDedup implements DedupStore {
  readonly name: string;
  readonly windowMs: number;
  readonly #db: DatabaseSync;
  readonly #maxEntries: number;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #lease: StatementSync;
  readonly #confirm: StatementSync;
  readonly #release: StatementSync;
  readonly #forget: StatementSync;
  readonly #span: StatementSync;

  constructor(db: DatabaseSync, path: string, windowMs: number, maxEntries: number) {
    this.name = `sqlite ${path}`;
    this.windowMs = windowMs;
    this.#db = db;
    this.#maxEntries = maxEntries;
    this.#find = db.prepare(
      "SELECT id, note, owner, lease_until FROM identity WHERE tenant_id = ? AND event_id = ? AND expires_at > ?",
    );
    this.#insert = db.prepare(
      `INSERT INTO identity (tenant_id, event_id, note, owner, lease_until, expires_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET note = excluded.note, owner = excluded.owner,
         lease_until = excluded.lease_until, expires_at = excluded.expires_at`,
    );
    this.#lease = db.prepare("UPDATE identity SET owner = ?, lease_until = ?, expires_at = ? WHERE id = ?");
    this.#confirm = db.prepare(
      `INSERT INTO identity (tenant_id, event_id, note, owner, lease_until, expires_at) VALUES (?, ?, ?, NULL, 0, ?)
       ON CONFLICT DO UPDATE SET owner = NULL, lease_until = 0, expires_at = excluded.expires_at`,
    );
    this.#release = db.prepare("DELETE FROM identity WHERE tenant_id = ? AND event_id = ? AND owner = ?");
    this.#forget = db.prepare(
      "DELETE FROM identity WHERE id IN (SELECT id FROM identity WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
    );
    // Rows come at one end and go at the other: the distance is their number, nearly, and costs nothing to know.
    // Each by itself is one step in the index; both in one SELECT would read the whole table.
    this.#span = db.prepare(
      "SELECT coalesce((SELECT max(id) FROM identity) - (SELECT min(id) FROM identity) + 1, 0) AS span",
    );
  }

  claim(request: ClaimRequest): readonly ClaimAnswer[] {
    return this.#transaction(() => {
      this.#forget.run(request.now, FORGET_AT_ONCE);
      return request.entries.map((entry) => this.#claimOne(entry, request));
    });
  }

  confirm({ tenant_id, now, entries }: Parameters<DedupStore["confirm"]>[0]): void {
    this.#transaction(() => {
      for (const { event_id, note } of entries)
        this.#confirm.run(tenant_id, event_id, note, now + this.windowMs);
    });
  }

  release({ tenant_id, owner, event_ids }: Parameters<DedupStore["release"]>[0]): void {
    this.#transaction(() => {
      for (const event_id of event_ids) this.#release.run(tenant_id, event_id, owner);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
  }

  #claimOne({ event_id, note }: ClaimEntry, { tenant_id, owner, now, leaseMs }: ClaimRequest): ClaimAnswer {
    const known = readIdentity(this.#find.get(tenant_id, event_id, now));
    const leaseUntil = now + leaseMs;
    const expiresAt = now + Math.max(this.windowMs, leaseMs);
    if (known === undefined) {
      this.#expectRoom();
      this.#insert.run(tenant_id, event_id, note, owner, leaseUntil, expiresAt);
      return { state: "claimed", note, lapsed: false };
    }
    if (known.owner === null) return { state: "confirmed", note: known.note };
    if (known.owner !== owner && known.leaseUntil > now)
      return { state: "held", note: known.note, until: known.leaseUntil };
    this.#lease.run(owner, leaseUntil, expiresAt, known.id);
    return { state: "claimed", note: known.note, lapsed: known.owner !== owner };
  }

  #expectRoom(): void {
    const span = this.#span.get()?.span;
    if (typeof span !== "number" || span < this.#maxEntries) return;
    throw new MeterError(
      "no_room",
      `${this.name} holds about ${span} identities of at most ${this.#maxEntries}`,
    );
  }

  #transaction<Answer>(work: () => Answer): Answer {
    // IMMEDIATE: one that begins by reading may fail to become a writer, and no busy timeout helps then.
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const answer = work();
      this.#db.exec("COMMIT");
      return answer;
    } catch (error) {
      // A full disk may have rolled back already.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

const readIdentity = (row: unknown): Identity | undefined => {
  if (typeof row !== "object" || row === null) return undefined;
  const { id, note, owner, lease_until: leaseUntil }: Record<string, unknown> = { ...row };
  return typeof id === "number" &&
    typeof note === "string" &&
    (typeof owner === "string" || owner === null) &&
    typeof leaseUntil === "number"
    ? { id, note, owner, leaseUntil }
    : undefined;
};
