import type { DatabaseSync } from "node:sqlite";
import type {
  Accounts,
  ClaimRequest,
  LedgerKey,
  LedgerRange,
  OutboxQuery,
  OutboxSelection,
} from "@meter-lib/core";
import { AppendRows } from "./append-rows.ts";
import { ClaimRows } from "./claim-rows.ts";
import { DeadLetters } from "./dead-letters.ts";
import { inSnapshot, inTransaction } from "./in-transaction.ts";
import { LedgerRows } from "./ledger-rows.ts";
import { openDatabase } from "./open-database.ts";
import { OwnSegments } from "./own-segments.ts";
import { removeOwnerFile } from "./owner-lock.ts";
import { type Owner, Owners } from "./owners.ts";
import { PruneTombstones } from "./prune-tombstones.ts";
import { readNumber } from "./read-column.ts";
import { SegmentReader } from "./segment-reader.ts";
import { SegmentTable } from "./segment-table.ts";
import { SessionRows } from "./session-rows.ts";
import { SettleRows } from "./settle-rows.ts";
import type {
  ClaimOutput,
  CommitInput,
  CommitOutput,
  DiscardInput,
  StoreMethods,
  StoreOpening,
  StoreOptions,
} from "./store-call.ts";
import { StoreFailure } from "./store-failure.ts";
import { Tally } from "./tally.ts";

/** The outbox on its SQLite file, synchronous: it lives in a thread of its own. */
export const sqliteStore = (options: StoreOptions): StoreMethods => {
  let store: SqliteStore | undefined;
  const opened = (): SqliteStore => {
    if (store === undefined) throw new StoreFailure("io", "the outbox is not open");
    return store;
  };
  return {
    open: () => {
      store ??= new SqliteStore(options);
      return store.opening();
    },
    commit: (input) => opened().commit(input),
    claim: (request) => opened().claim(request),
    accounts: () => opened().accounts(),
    list: (query) => opened().list(query),
    redrive: (selection) => opened().redrive(selection),
    discard: (input) => opened().discard(input),
    ledger: (range) => opened().ledger(range),
    ledgerIds: (key) => opened().ledgerIds(key),
    producers: () => opened().producers(),
    claimSessions: () => opened().claimSessions(),
    close: () => {
      store?.close();
      store = undefined;
      return undefined;
    },
  };
};

class SqliteStore {
  readonly #options: StoreOptions;
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #warnings: readonly string[];
  readonly #owners: Owners;
  readonly #owner: Owner;
  readonly #tally: Tally;
  readonly #appends: AppendRows;
  readonly #settlements: SettleRows;
  readonly #segments: OwnSegments;
  readonly #reader: SegmentReader;
  readonly #tombstones: PruneTombstones;
  readonly #claims: ClaimRows;
  readonly #deadLetters: DeadLetters;
  readonly #sessions: SessionRows;
  readonly #ledger: LedgerRows;

  constructor(options: StoreOptions) {
    const { db, path, warnings } = openDatabase(options.path, options.busyTimeoutMs);
    this.#options = options;
    this.#db = db;
    this.#path = path;
    this.#warnings = warnings;
    try {
      const segments = new SegmentTable(db);
      this.#segments = new OwnSegments(db, segments);
      this.#reader = new SegmentReader(segments);
      this.#owners = new Owners(db, path, this.#segments);
      this.#tally = new Tally(db);
      this.#appends = new AppendRows(db, options, this.#segments, this.#reader);
      this.#settlements = new SettleRows(db, this.#segments);
      this.#tombstones = new PruneTombstones(db, segments);
      this.#claims = new ClaimRows(db);
      this.#deadLetters = new DeadLetters(db, this.#reader);
      this.#sessions = new SessionRows(db);
      this.#ledger = new LedgerRows(db, this.#reader);
      this.#owner = inTransaction(db, () => {
        this.#owners.sweep();
        return this.#owners.enter();
      });
    } catch (error) {
      db.close();
      throw error;
    }
  }

  opening(): StoreOpening {
    const totals = this.#db.prepare("SELECT pending_events, pending_bytes FROM totals").get();
    return {
      producer: this.#owner.producer,
      pendingEvents: readNumber(totals, "pending_events"),
      pendingBytes: readNumber(totals, "pending_bytes"),
      warnings: this.#warnings,
    };
  }

  commit(input: CommitInput): CommitOutput {
    return this.#change((tally) => {
      this.#settlements.settle(input, tally);
      if (input.unhold.length > 0) this.#settlements.unhold(input.unhold, this.#owner.id);
      this.#segments.takeStragglersApart(input.now);
      const appended = this.#appends.append(input, this.#owner.id, tally);
      if (input.leased > 0) this.#settlements.lease(input.lease, input.leased, this.#owner.id, input.now);
      // Who leaves is the last one when the others are dead.
      if (input.sessions.some(({ change }) => change === "leave")) this.#takeOver();
      const sessions = input.sessions.map((change) => this.#sessions.apply(change, this.#owner.id));
      if (input.acknowledge.length > 0) {
        const { tombstoneWindowMs, maxTombstones } = this.#options;
        this.#tombstones.prune(input.now - tombstoneWindowMs, maxTombstones, tally);
      }
      return { ...appended, sessions, pendingEvents: tally.pendingEvents, pendingBytes: tally.pendingBytes };
    });
  }

  claim(request: ClaimRequest): ClaimOutput {
    return this.#change((tally) => {
      this.#takeOver();
      this.#expire(request.now, tally);
      const { output, damaged } = this.#claims.claim(request, this.#owner.id);
      if (damaged.length > 0) {
        const reason = "the stored event is damaged";
        this.#settlements.bury(
          { state: "rejected", reason, status: undefined, keys: damaged },
          request.now,
          tally,
        );
      }
      return output;
    });
  }

  accounts(): Accounts {
    return this.#tally.accounts();
  }

  list(query: OutboxQuery) {
    return inSnapshot(this.#db, () => this.#deadLetters.list(query));
  }

  ledger(range: LedgerRange) {
    return this.#ledger.rows(range);
  }

  ledgerIds(key: LedgerKey) {
    return inSnapshot(this.#db, () => this.#ledger.ids(key));
  }

  producers() {
    return inSnapshot(this.#db, () => this.#ledger.producers());
  }

  redrive(selection: OutboxSelection): number {
    return this.#change((tally) => this.#settlements.redrive(this.#deadLetters.select(selection), tally));
  }

  discard({ selection, reason }: DiscardInput): number {
    return this.#change((tally) =>
      this.#settlements.discard(this.#deadLetters.select(selection), reason, Date.now(), tally),
    );
  }

  claimSessions() {
    return this.#change(() => {
      this.#takeOver();
      return this.#sessions.claim(this.#owner.id);
    });
  }

  close(): void {
    try {
      inTransaction(this.#db, () => this.#letGo(this.#owner.id));
      this.#db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // What cannot be let go of now is taken over as a dead owner's.
    }
    this.#db.close();
    removeOwnerFile(this.#path, this.#owner.producer);
    this.#owner.lock.release();
  }

  #change<Answer>(work: (tally: Tally) => Answer): Answer {
    let buried: readonly string[] = [];
    this.#segments.begin();
    let answer: Answer;
    try {
      answer = inTransaction(this.#db, () => {
        this.#tally.begin();
        this.#dead = [];
        const done = work(this.#tally);
        this.#tally.end();
        buried = this.#dead;
        return done;
      });
    } catch (error) {
      this.#reader.forget();
      throw error;
    }
    this.#segments.committed();
    // Only now: a transaction that failed leaves the owner dead, with its side file.
    for (const producer of buried) removeOwnerFile(this.#path, producer);
    return answer;
  }

  #dead: string[] = [];

  #takeOver(): void {
    for (const { id, producer } of this.#owners.dead(this.#owner.id)) {
      this.#letGo(id);
      this.#dead.push(producer);
    }
    this.#segments.letGoOfLeft();
  }

  #letGo(owner: number): void {
    this.#owners.leave(owner);
    this.#sessions.vacate(owner);
  }

  #expire(now: number, tally: Tally): void {
    const { rejectedMs, quarantinedMs } = this.#options;
    for (const [state, ms] of [
      ["rejected", rejectedMs],
      ["quarantined", quarantinedMs],
    ] as const) {
      const keys = ms === undefined ? [] : this.#deadLetters.expired(state, now - ms);
      if (keys.length > 0) this.#settlements.discard(keys, `${state} for longer than ${ms} ms`, now, tally);
    }
  }
}
