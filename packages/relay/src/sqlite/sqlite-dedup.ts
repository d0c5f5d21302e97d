import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type EventIssue, MeterError } from "@meter-lib/core";
import { describeValue, foreignOptions, type OptionNames } from "@meter-lib/core/transport";
import type {
  ClaimAnswer,
  ClaimEntry,
  ClaimRequest,
  DedupStore,
  SettleRequest,
} from "../dedup/dedup-store.ts";
import { openDedupFile } from "./open-dedup-file.ts";

export interface SqliteDedupOptions {
  /** Path of the file, created with mode 0600. It must be on a local disk: SQLite's WAL does not work on network shares. */
  readonly path: string;
  /** How long an identity is remembered, in milliseconds, or up to 1 % longer. @default 604_800_000 (7 days) */
  readonly windowMs?: number;
  /** Largest number of identities. When it is reached, new events are refused until some expire. @default 10_000_000 */
  readonly maxEntries?: number;
  /** Largest number for one tenant, so that it cannot use up the store. @default a quarter of `maxEntries` */
  readonly maxEntriesPerTenant?: number;
  /** How long a call waits while another process writes, in milliseconds. @default 5_000 */
  readonly busyTimeoutMs?: number;
}

const OPTIONS: OptionNames<SqliteDedupOptions> = {
  path: true,
  windowMs: true,
  maxEntries: true,
  maxEntriesPerTenant: true,
  busyTimeoutMs: true,
};
const WEEK_MS = 604_800_000;
const FORGET_AT_ONCE = 1_000;
/** Expiries are rounded up to this many steps per window, so that confirming a claim rarely updates their index. */
const EXPIRY_STEPS = 128;

/**
 * Creates a dedup store in an SQLite file. It survives crashes and power cuts, and several processes on one machine may share it. Each
 * call is one transaction and runs in the calling thread.
 *
 * @throws MeterError `invalid_options` that names every invalid option, or for a file that is not a dedup store
 *
 * @example
 * ```ts
 * const relay = createRelay({ dedup: sqliteDedup({ path: "relay-dedup.db" }), … });
 * ```
 */
export const sqliteDedup = (options: SqliteDedupOptions): DedupStore => {
  const {
    path,
    windowMs = WEEK_MS,
    maxEntries = 10_000_000,
    maxEntriesPerTenant = Math.ceil(maxEntries / 4),
    busyTimeoutMs = 5_000,
  } = options;
  const issues: EventIssue[] = [...foreignOptions("", options, OPTIONS)];
  if (typeof path !== "string" || path === "" || path.startsWith(":") || path.startsWith("file:"))
    issues.push({ field: "path", given: describeValue(path), expected: "the path of a file" });
  for (const [field, value] of Object.entries({ windowMs, maxEntries, maxEntriesPerTenant, busyTimeoutMs })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    issues.push({ field, given: describeValue(value), expected: "an integer above 0" });
  }
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  const room = { maxEntries, maxEntriesPerTenant };
  return new SqliteDedup(openDedupFile(path, busyTimeoutMs), path, windowMs, room);
};

interface Room {
  readonly maxEntries: number;
  readonly maxEntriesPerTenant: number;
}

class SqliteDedup implements DedupStore {
  readonly name: string;
  readonly windowMs: number;
  readonly #db: DatabaseSync;
  readonly #room: Room;
  readonly #addTenant: StatementSync;
  readonly #tenant: StatementSync;
  readonly #addHolder: StatementSync;
  readonly #holder: StatementSync;
  readonly #holderName: StatementSync;
  readonly #total: StatementSync;
  readonly #countTenant: StatementSync;
  readonly #countTotal: StatementSync;
  readonly #forgetTenant: StatementSync;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #lease: StatementSync;
  readonly #confirm: StatementSync;
  readonly #confirmOne: StatementSync;
  readonly #release: StatementSync;
  readonly #forget: StatementSync;

  constructor(db: DatabaseSync, path: string, windowMs: number, room: Room) {
    this.name = `sqlite ${path}`;
    this.windowMs = windowMs;
    this.#db = db;
    this.#room = room;
    this.#addTenant = db.prepare("INSERT OR IGNORE INTO tenant (tenant_id, identities) VALUES (?, 0)");
    this.#tenant = db.prepare("SELECT id, identities FROM tenant WHERE tenant_id = ?");
    this.#addHolder = db.prepare("INSERT OR IGNORE INTO holder (name) VALUES (?)");
    this.#holder = db.prepare("SELECT id FROM holder WHERE name = ?");
    this.#holderName = db.prepare("SELECT name FROM holder WHERE id = ?");
    this.#total = db.prepare("SELECT identities FROM total");
    this.#countTenant = db.prepare("UPDATE tenant SET identities = identities + ? WHERE id = ?");
    this.#countTotal = db.prepare("UPDATE total SET identities = identities + ?");
    this.#forgetTenant = db.prepare("DELETE FROM tenant WHERE id = ? AND identities = 0");
    this.#insert = db.prepare(
      `INSERT OR IGNORE INTO identity (tenant, event_id, note, holder, owner, lease_until, expires_at)
       SELECT ?, value ->> 0, value ->> 1, ?, ?, ?, ? FROM json_each(?)`,
    );
    this.#find = db.prepare(
      "SELECT note, holder, owner, lease_until, expires_at FROM identity WHERE tenant = ? AND event_id = ?",
    );
    this.#lease = db.prepare(
      `UPDATE identity SET note = ?, holder = ?, owner = ?, lease_until = ?, expires_at = ?
       WHERE tenant = ? AND event_id = ?`,
    );
    this.#confirm = db.prepare(
      `UPDATE identity SET owner = NULL, lease_until = 0
       WHERE tenant = ? AND event_id IN (SELECT value FROM json_each(?)) AND expires_at >= ?`,
    );
    this.#confirmOne = db.prepare(
      `UPDATE identity SET owner = NULL, lease_until = 0, note = CASE WHEN expires_at > ? THEN note ELSE ? END,
       expires_at = max(expires_at, ?) WHERE tenant = ? AND event_id = ?`,
    );
    this.#release = db.prepare(
      "DELETE FROM identity WHERE tenant = ? AND owner = ? AND event_id IN (SELECT value FROM json_each(?))",
    );
    this.#forget = db.prepare(
      `DELETE FROM identity WHERE (tenant, event_id) IN
         (SELECT tenant, event_id FROM identity WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
       RETURNING tenant`,
    );
  }

  claim(request: ClaimRequest): readonly ClaimAnswer[] {
    const { tenant_id, owner, holder = "", now, leaseMs, entries } = request;
    const answers = this.#transaction(() => {
      this.#forgetExpired(now);
      // Expired identities stay deleted even if there is no room.
      this.#db.exec("SAVEPOINT claiming");
      const claim: Claim = {
        tenant: this.#tenantNumber(tenant_id),
        holder: this.#holderNumber(holder),
        owner,
        now,
        leaseUntil: now + leaseMs,
        expiresAt: this.#expiry(now + Math.max(this.windowMs, leaseMs)),
      };
      const added = this.#add(claim, entries);
      const full = added === 0 ? undefined : this.#lackOfRoom(tenant_id);
      if (full !== undefined) {
        this.#db.exec("ROLLBACK TO claiming");
        return full;
      }
      return entries.map(
        (entry): ClaimAnswer =>
          added === entries.length
            ? { state: "claimed", note: entry.note, lapsed: false }
            : this.#claimOne(entry, claim),
      );
    });
    if (answers instanceof MeterError) throw answers;
    return answers;
  }

  settle({ tenant_id, owner, now, confirmed, released }: SettleRequest): void {
    this.#transaction(() => {
      const tenant = this.#tenantNumber(tenant_id);
      if (confirmed.length > 0) this.#confirmAll(tenant, now, confirmed);
      if (released.length > 0)
        this.#count(tenant, -Number(this.#release.run(tenant, owner, JSON.stringify(released)).changes));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
  }

  /** Adds those that are unknown; how many these are. */
  #add(claim: Claim, entries: readonly ClaimEntry[]): number {
    const { tenant, holder, owner, leaseUntil, expiresAt } = claim;
    const rows = JSON.stringify(entries.map(({ event_id, note }) => [event_id, note]));
    const added = Number(this.#insert.run(tenant, holder, owner, leaseUntil, expiresAt, rows).changes);
    this.#count(tenant, added);
    return added;
  }

  #claimOne({ event_id, note }: ClaimEntry, claim: Claim): ClaimAnswer {
    const { tenant, owner, now, leaseUntil, expiresAt } = claim;
    const known = readIdentity(this.#find.get(tenant, event_id));
    const isNew = known.expiresAt <= now;
    if (!isNew && known.owner === null) return { state: "confirmed", note: known.note };
    const lapsed = !isNew && known.owner !== owner;
    if (lapsed && (known.leaseUntil > now || known.holder !== claim.holder))
      return {
        state: "held",
        note: known.note,
        until: known.leaseUntil,
        holder: String(this.#holderName.get(known.holder)?.name),
      };
    const [first, holder] = isNew ? [note, claim.holder] : [known.note, known.holder];
    this.#lease.run(first, holder, owner, leaseUntil, expiresAt, tenant, event_id);
    return { state: "claimed", note: first, lapsed };
  }

  #confirmAll(tenant: number, now: number, entries: readonly ClaimEntry[]): void {
    const rememberedUntil = now + this.windowMs;
    const ids = JSON.stringify(entries.map(({ event_id }) => event_id));
    if (Number(this.#confirm.run(tenant, ids, rememberedUntil).changes) === entries.length) return;
    const expiresAt = this.#expiry(rememberedUntil);
    const claim = { tenant, holder: this.#holderNumber(""), owner: null, leaseUntil: 0, expiresAt, now };
    this.#add(claim, entries);
    for (const { event_id, note } of entries) this.#confirmOne.run(now, note, expiresAt, tenant, event_id);
  }

  #expiry(at: number): number {
    const step = Math.max(1, Math.floor(this.windowMs / EXPIRY_STEPS));
    return Math.ceil(at / step) * step;
  }

  #forgetExpired(now: number): void {
    const forgotten = new Map<number, number>();
    for (const row of this.#forget.all(now, FORGET_AT_ONCE)) {
      const tenant = numberIn(row, "tenant");
      forgotten.set(tenant, (forgotten.get(tenant) ?? 0) + 1);
    }
    for (const [tenant, count] of forgotten) {
      this.#count(tenant, -count);
      this.#forgetTenant.run(tenant);
    }
  }

  #count(tenant: number, more: number): void {
    if (more === 0) return;
    this.#countTenant.run(more, tenant);
    this.#countTotal.run(more);
  }

  #lackOfRoom(tenant_id: string): MeterError | undefined {
    const { maxEntries, maxEntriesPerTenant } = this.#room;
    const total = numberIn(this.#total.get(), "identities");
    const ofTenant = numberIn(this.#tenant.get(tenant_id), "identities");
    if (total <= maxEntries && ofTenant <= maxEntriesPerTenant) return undefined;
    return new MeterError(
      "no_room",
      `${this.name} would hold ${total} identities of at most ${maxEntries}, ` +
        `${ofTenant} of them of this tenant, which may have ${maxEntriesPerTenant}`,
    );
  }

  #tenantNumber(tenant_id: string): number {
    this.#addTenant.run(tenant_id);
    return numberIn(this.#tenant.get(tenant_id), "id");
  }

  #holderNumber(name: string): number {
    this.#addHolder.run(name);
    return numberIn(this.#holder.get(name), "id");
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

/** What is written of a claim, with the numbers of tenant and holder. */
interface Claim {
  readonly tenant: number;
  readonly holder: number;
  /** Null when confirmed. */
  readonly owner: string | null;
  readonly now: number;
  readonly leaseUntil: number;
  readonly expiresAt: number;
}

interface Identity {
  readonly note: string;
  readonly holder: number;
  readonly owner: string | null;
  readonly leaseUntil: number;
  readonly expiresAt: number;
}

const readIdentity = (row: Readonly<Record<string, unknown>> | undefined): Identity => ({
  note: String(row?.note),
  holder: numberIn(row, "holder"),
  owner: typeof row?.owner === "string" ? row.owner : null,
  leaseUntil: numberIn(row, "lease_until"),
  expiresAt: numberIn(row, "expires_at"),
});

const numberIn = (row: Readonly<Record<string, unknown>> | undefined, column: string): number => {
  const value = row?.[column];
  if (typeof value !== "number") throw new TypeError(`the dedup store has no number as ${column}`);
  return value;
};
