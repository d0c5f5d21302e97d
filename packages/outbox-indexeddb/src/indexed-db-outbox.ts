import {
  ACCOUNT_FIELDS,
  type Accounts,
  type Claimed,
  type ClaimRequest,
  emptyAccount,
  type LedgerId,
  type LedgerKey,
  type LedgerRange,
  type LedgerRow,
  type MeterError,
  type Outbox,
  type OutboxChanges,
  type OutboxCommit,
  type OutboxLimits,
  type OutboxOpening,
  type OutboxQuery,
  type OutboxRow,
  type OutboxSelection,
  type SessionRow,
} from "@meter-lib/core";
import { appendRows } from "./append-rows.ts";
import { ClaimRows } from "./claim-rows.ts";
import { freed, shownRow } from "./event-row.ts";
import { type IndexedDbOutboxOptions, type StoreOptions, storeOptions } from "./indexed-db-outbox-options.ts";
import type { EventRow } from "./outbox-schema.ts";
import { hourOf, type OutboxWrite } from "./outbox-write.ts";
import { OwnedDatabase, takeOver } from "./owned-database.ts";
import { changeSession, claimAbandoned } from "./session-rows.ts";
import { entomb, leaseRows, pruneTombstones, settleRows } from "./settle-rows.ts";

const PAGE_ROWS = 500;

/**
 * A durable outbox in IndexedDB. A committed event survives the end of the page and of the browser. All pages and workers of an origin
 * may use it together; what a closed, dead or frozen one held is taken over by the next that claims.
 *
 * Calls reject with a {@link MeterError} while the database does not work (`outbox_failed`: no IndexedDB, blocked by an older page) or is
 * full (`no_room`); a client then keeps events in memory and says so. `closed` after `close()`.
 *
 * @throws MeterError `invalid_options`
 */
export const indexedDbOutbox = (options: IndexedDbOutboxOptions = {}): Outbox =>
  new IndexedDbOutbox(storeOptions(options));

class IndexedDbOutbox implements Outbox {
  readonly name: string;
  readonly durable = true;
  readonly limits: OutboxLimits;

  readonly #options: StoreOptions;
  readonly #database: OwnedDatabase;
  readonly #claims = new ClaimRows();
  #lastSeq = 0;

  constructor(options: StoreOptions) {
    const { name, maxEvents, maxBytes } = options;
    this.name = `indexeddb ${name}`;
    this.limits = { maxEvents, maxBytes };
    this.#options = options;
    this.#database = new OwnedDatabase(this.name, options);
  }

  open(): Promise<OutboxOpening> {
    return this.#database.change(async ({ totals }) => ({
      producer: this.#database.producer,
      pendingEvents: totals.pending_events,
      pendingBytes: totals.pending_bytes,
      warnings: [],
    }));
  }

  async commit(changes: OutboxChanges): Promise<OutboxCommit> {
    const dead = changes.sessions.length > 0 ? await this.#database.dead() : [];
    return this.#database.change(async (write, hold) => {
      await settleRows(write, hold, changes);
      const { appended, lastSeq } = await appendRows(write, hold, changes.append, {
        now: changes.now,
        lastSeq: this.#lastSeq,
        limits: this.limits,
      });
      write.afterwards(() => {
        this.#lastSeq = lastSeq;
      });
      const taken = await leaseRows(write, hold, changes.lease);
      await takeOver(write, dead);
      const sessions = [];
      for (const change of changes.sessions)
        sessions.push(await changeSession(write, this.#database.producer, change));
      if (changes.acknowledge.length > 0) {
        const { tombstoneWindowMs, maxTombstones } = this.#options;
        await pruneTombstones(write, changes.now - tombstoneWindowMs, maxTombstones);
      }
      const { pending_events, pending_bytes } = write.totals;
      return {
        appended,
        sessions,
        pendingEvents: pending_events,
        pendingBytes: pending_bytes,
        ...(taken.length > 0 ? { taken } : {}),
      };
    });
  }

  async claim(request: ClaimRequest): Promise<Claimed> {
    const dead = await this.#database.dead();
    return this.#database.change(async (write, hold) => {
      await takeOver(write, dead);
      return this.#claims.claim(write, hold, request);
    });
  }

  accounts(): Promise<Accounts> {
    return this.#database.read(async (db) => {
      const total = emptyAccount();
      const rows = await db.getAll("accounts");
      for (const row of rows) for (const field of ACCOUNT_FIELDS) total[field] += row[field];
      const meters = Object.fromEntries(rows.map(({ meter_id, ...account }) => [meter_id, account]));
      return { ...total, meters };
    });
  }

  list({ after = 0, limit = 100, ...query }: OutboxQuery): Promise<readonly OutboxRow[]> {
    return this.#database.read(async (db) => {
      const rows: OutboxRow[] = [];
      let from = after;
      for (;;) {
        const page = await db.getAll("events", IDBKeyRange.lowerBound(from, true), PAGE_ROWS);
        rows.push(...page.filter((row) => isMeant(row, query)).map(shownRow));
        from = page.at(-1)?.key ?? from;
        if (page.length < PAGE_ROWS || rows.length >= limit) return rows.slice(0, limit);
      }
    });
  }

  redrive(selection: OutboxSelection): Promise<number> {
    return this.#database.change(async (write) => {
      const chosen = await select(write, selection);
      for (const row of chosen) {
        const { reason: _, status: __, ended_at: ___, ...rest } = row;
        write.do(write.events.put(freed({ ...rest, attempts: 0, first_sent_at: undefined })));
        write.count(row, "pending", selection.state);
      }
      return chosen.length;
    });
  }

  discard(selection: OutboxSelection): Promise<number> {
    return this.#database.change(async (write) => {
      const chosen = await select(write, selection);
      for (const row of chosen) entomb(write, row, "discarded", Date.now());
      return chosen.length;
    });
  }

  ledger({ from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: LedgerRange) {
    return this.#database.read(async (db): Promise<readonly LedgerRow[]> => {
      const rows = await db.getAll("ledger");
      return rows.filter(({ hour }) => hour >= from && hour < to);
    });
  }

  ledgerIds({ tenant_id, meter_id, hour }: LedgerKey): Promise<readonly LedgerId[]> {
    return this.#database.read(async (db) => {
      const [events, tombstones] = await Promise.all([db.getAll("events"), db.getAll("tombstones")]);
      return [...events.map((row) => ({ ...row, hour: hourOf(row) })), ...tombstones]
        .filter((row) => row.tenant_id === tenant_id && row.meter_id === meter_id && row.hour === hour)
        .map(({ event_id, state }) => ({ event_id, state }));
    });
  }

  async claimSessions(): Promise<readonly SessionRow[]> {
    const dead = await this.#database.dead();
    return this.#database.change(async (write) => {
      await takeOver(write, dead);
      return claimAbandoned(write, this.#database.producer);
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

const select = async (
  write: OutboxWrite,
  { state, tenant_id, event_ids }: OutboxSelection,
): Promise<readonly EventRow[]> => {
  const ids = event_ids === undefined ? undefined : new Set(event_ids);
  const rows = await write.events.getAll();
  return rows.filter((row) => isMeant(row, { state, tenant_id }) && ids?.has(row.event_id) !== false);
};

const isMeant = (row: EventRow, { state, tenant_id, event_id }: OutboxQuery): boolean =>
  (state === undefined || row.state === state) &&
  (tenant_id === undefined || row.tenant_id === tenant_id) &&
  (event_id === undefined || row.event_id === event_id);
