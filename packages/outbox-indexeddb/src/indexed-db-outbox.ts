import {
  ACCOUNT_FIELDS,
  type Accounts,
  type Claimed,
  type ClaimRequest,
  createEventId,
  emptyAccount,
  type LedgerId,
  type LedgerKey,
  type LedgerRange,
  type LedgerRow,
  MeterError,
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
import { type Connection, Connections } from "./connection.ts";
import { freed, shownRow } from "./event-row.ts";
import { type IndexedDbOutboxOptions, type StoreOptions, storeOptions } from "./indexed-db-outbox-options.ts";
import { type EventRow, type OutboxDatabase, type OwnerRow, STORES } from "./outbox-schema.ts";
import { hourOf, OutboxWrite } from "./outbox-write.ts";
import { OwnerHold } from "./owner-hold.ts";
import { deadOwners, webLocks } from "./owner-life.ts";
import { changeSession, claimAbandoned, vacateSessions } from "./session-rows.ts";
import { entomb, leaseRows, pruneTombstones, settleRows } from "./settle-rows.ts";
import { storeFailure } from "./store-failure.ts";
import { watchPageSleep } from "./watch-page-sleep.ts";

const PAGE_ROWS = 500;
const BEATS_PER_LEASE = 6;

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
  readonly #producer = createEventId(Date.now());
  readonly #connections: Connections;
  readonly #claims = new ClaimRows();
  readonly #unwatch: () => void;
  readonly #heartbeat: ReturnType<typeof setInterval> | undefined;
  #hold = new OwnerHold(this.#producer);
  #store: string | undefined;
  #fence = 0;
  #lastSeq = 0;
  #closing: Promise<void> | undefined;

  constructor(options: StoreOptions) {
    const { name, maxEvents, maxBytes, openTimeoutMs, leaseMs } = options;
    this.name = `indexeddb ${name}`;
    this.limits = { maxEvents, maxBytes };
    this.#options = options;
    this.#connections = new Connections({ name, producer: this.#producer, openTimeoutMs });
    this.#unwatch = watchPageSleep({
      leave: () => this.#connections.release(),
      sleep: () => this.#connections.sleep(),
      wake: () => this.#connections.wake(),
    });
    if (webLocks() === undefined) {
      this.#heartbeat = setInterval(() => {
        // A page that sleeps is not to be woken by it.
        if (this.#connections.isOpen) this.#change(async () => {}).catch(() => {});
      }, leaseMs / BEATS_PER_LEASE);
    }
  }

  open(): Promise<OutboxOpening> {
    return this.#change(async ({ totals }) => ({
      producer: this.#producer,
      pendingEvents: totals.pending_events,
      pendingBytes: totals.pending_bytes,
      warnings: [],
    }));
  }

  async commit(changes: OutboxChanges): Promise<OutboxCommit> {
    const dead = changes.sessions.length > 0 ? await this.#dead() : [];
    return this.#change(async (write, hold) => {
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
        sessions.push(await changeSession(write, this.#producer, change));
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
    const dead = await this.#dead();
    return this.#change(async (write, hold) => {
      await takeOver(write, dead);
      return this.#claims.claim(write, hold, request);
    });
  }

  accounts(): Promise<Accounts> {
    return this.#read(async (db) => {
      const total = emptyAccount();
      const rows = await db.getAll("accounts");
      for (const row of rows) for (const field of ACCOUNT_FIELDS) total[field] += row[field];
      const meters = Object.fromEntries(rows.map(({ meter_id, ...account }) => [meter_id, account]));
      return { ...total, meters };
    });
  }

  list({ after = 0, limit = 100, ...query }: OutboxQuery): Promise<readonly OutboxRow[]> {
    return this.#read(async (db) => {
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
    return this.#change(async (write) => {
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
    return this.#change(async (write) => {
      const chosen = await select(write, selection);
      for (const row of chosen) entomb(write, row, "discarded", Date.now());
      return chosen.length;
    });
  }

  ledger({ from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: LedgerRange) {
    return this.#read(async (db): Promise<readonly LedgerRow[]> => {
      const rows = await db.getAll("ledger");
      return rows.filter(({ hour }) => hour >= from && hour < to);
    });
  }

  ledgerIds({ tenant_id, meter_id, hour }: LedgerKey): Promise<readonly LedgerId[]> {
    return this.#read(async (db) => {
      const [events, tombstones] = await Promise.all([db.getAll("events"), db.getAll("tombstones")]);
      return [...events.map((row) => ({ ...row, hour: hourOf(row) })), ...tombstones]
        .filter((row) => row.tenant_id === tenant_id && row.meter_id === meter_id && row.hour === hour)
        .map(({ event_id, state }) => ({ event_id, state }));
    });
  }

  async claimSessions(): Promise<readonly SessionRow[]> {
    const dead = await this.#dead();
    return this.#change(async (write) => {
      await takeOver(write, dead);
      return claimAbandoned(write, this.#producer);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#unwatch();
    this.#connections.wake();
    clearInterval(this.#heartbeat);
    try {
      const connection = await this.#connections.get();
      await this.#changeOn(connection, (write) => letGo(write, this.#producer));
    } catch {
      // What cannot be let go of now is taken over as a dead owner's.
    }
    this.#connections.close();
  }

  /** Owners that died, as far as this page can see, except this one. */
  async #dead(): Promise<readonly OwnerRow[]> {
    const { name, leaseMs } = this.#options;
    const owners = await this.#read((db) => db.getAll("owners"));
    return this.#guard(() =>
      deadOwners(
        owners.filter(({ producer }) => producer !== this.#producer),
        name,
        leaseMs,
      ),
    );
  }

  #read<Answer>(read: (db: OutboxDatabase) => Promise<Answer>): Promise<Answer> {
    return this.#guard(async () => {
      this.#refuseWhenClosed();
      return this.#withConnection(({ db }) => read(db));
    });
  }

  /** Everything in one transaction, with this owner's row in place. */
  #change<Answer>(work: (write: OutboxWrite, hold: OwnerHold) => Promise<Answer>): Promise<Answer> {
    return this.#guard(async () => {
      this.#refuseWhenClosed();
      return this.#withConnection((connection) => this.#changeOn(connection, work));
    });
  }

  async #changeOn<Answer>(
    connection: Connection,
    work: (write: OutboxWrite, hold: OwnerHold) => Promise<Answer>,
  ): Promise<Answer> {
    const tx = connection.db.transaction(STORES, "readwrite", { durability: "strict" });
    // Whoever waits for the transaction hears of it; nobody may be waiting yet.
    tx.done.catch(() => {});
    try {
      const write = await OutboxWrite.begin(tx);
      const hold = await this.#enter(write, connection);
      const answer = await work(write, hold);
      await write.end();
      return answer;
    } catch (error) {
      try {
        tx.abort();
      } catch {
        // It ended by itself, for a reason that says more than what followed from it.
        await tx.done;
      }
      throw error;
    }
  }

  /** Writes the owner's row where it is missing, and finds out whether another owner took over meanwhile. */
  async #enter(write: OutboxWrite, connection: Connection): Promise<OwnerHold> {
    const { store } = write.totals;
    const row = await write.owners.get(this.#producer);
    const isSameStore = this.#store === undefined || this.#store === store;
    const isLost = this.#fence > 0 && isSameStore && row?.fence !== this.#fence;
    const hold = isLost ? new OwnerHold(this.#producer) : this.#hold;
    const isNew = row === undefined || !connection.entered;
    const fence = isNew ? this.#fence + 1 : this.#fence;
    const locked = webLocks() !== undefined;
    if (isNew || !locked) {
      write.do(write.owners.put({ producer: this.#producer, fence, locked, seen_at: Date.now() }));
    }
    write.afterwards(() => {
      this.#store = store;
      this.#fence = fence;
      this.#hold = hold;
      connection.entered = true;
    });
    return hold;
  }

  /** A connection may have been closed by the browser a moment ago: then once more with a new one. */
  async #withConnection<Answer>(use: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    try {
      return await use(await this.#connections.get());
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "InvalidStateError") throw error;
      this.#connections.close();
      return use(await this.#connections.get());
    }
  }

  async #guard<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (error) {
      throw storeFailure(this.name, error);
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new MeterError("closed", `${this.name} is closed`);
  }
}

/** Lets go of what dead owners held, unless they are back. */
const takeOver = async (write: OutboxWrite, dead: readonly OwnerRow[]): Promise<void> => {
  for (const { producer, fence } of dead) {
    const row = await write.owners.get(producer);
    if (row?.fence === fence) await letGo(write, producer);
  }
};

/** Everything that an owner held can be claimed; what was on the way keeps the time it was first sent. */
const letGo = async (write: OutboxWrite, producer: string): Promise<void> => {
  const rows = await write.events.index("holder").getAll(producer);
  for (const row of rows) write.do(write.events.put(freed(row)));
  await vacateSessions(write, producer);
  write.do(write.owners.delete(producer));
};

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
