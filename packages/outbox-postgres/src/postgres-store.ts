import {
  MayHaveCommitted,
  MeterError,
  type Store,
  type StoreLock,
  type StoreTransaction,
  TABLE_NAMES,
} from "@meter-lib/core/store";
import { PostgresArrivals } from "./postgres-arrivals.ts";
import { ConnectionLost, storeError, TO_THE_PRIMARY } from "./postgres-failure.ts";
import { type AllRows, allRows, type Query } from "./rows.ts";
import { Session, type SessionSettings } from "./session.ts";
import { LAYOUT, lockKey, quoted } from "./sql.ts";

export interface PostgresStoreOptions extends SessionSettings {
  readonly schema: string;
  /** Whether it is only read: nobody waits for it, and a replica is enough. @default false */
  readonly isView?: boolean;
}

/**
 * A store in a schema of a PostgreSQL database, shared by processes of many machines. All that it does goes over one connection: its locks
 * are locks of that session, so that who has lost it can neither keep a lock nor end a transaction. When it is lost, the next call opens
 * another one, without the locks that were taken before.
 */
export const postgresStore = (options: PostgresStoreOptions): Store => new PostgresStore(options);

interface OpenSession {
  readonly session: Session;
  /** The server process of the session. */
  readonly pid: unknown;
  readonly locks: Set<string>;
}

const POOLER_LOOKS = 10;
/** A pooler that has no connection to spare leaves a query waiting. */
const POOLER_MS = 1_000;

class PostgresStore implements Store {
  readonly name: string;
  readonly durable = true;
  readonly arrivals: PostgresArrivals;

  readonly #options: PostgresStoreOptions;
  readonly #rows: AllRows;
  readonly #tx: StoreTransaction;
  /** Key of the lock that protects the store in a transaction. */
  readonly #turnLock: string;
  #open: OpenSession | undefined;
  #opening: Promise<OpenSession> | undefined;
  /** Number of writes by anybody when the rows were read. */
  #turn: string | undefined;
  #isClosed = false;

  constructor(options: PostgresStoreOptions) {
    const { schema } = options;
    this.name = `postgres ${schema}`;
    this.#options = options;
    this.#turnLock = lockKey(`${schema} turn`);
    const query: Query = async (text, values) => (await this.#connected()).session.query(text, values);
    const rows = allRows(query, schema);
    this.arrivals = new PostgresArrivals(this.name, schema, query);
    this.#rows = rows;
    this.#tx = {
      get: (table, key) => rows[table].get(key),
      prefetch: (table, keys) => rows[table].prefetch(keys),
      put: (table, key, value) => rows[table].put(key, value),
      delete: (table, key) => rows[table].delete(key),
      range: async (table, range) => {
        const found = await rows[table].range(range);
        if (table === "arrivals") this.arrivals.looked(found.length);
        return found;
      },
    };
  }

  async open(): Promise<readonly string[]> {
    await this.#do(() => this.#connected());
    return [];
  }

  transact<Answer>(work: (tx: StoreTransaction) => Answer | PromiseLike<Answer>): Promise<Answer> {
    return this.#do(async () => {
      const open = await this.#connected();
      let answer: Answer;
      let isWritten = false;
      try {
        await this.#begin(open);
        answer = await work(this.#tx);
        isWritten = await this.#write(open);
      } catch (error) {
        this.#forget();
        await this.#rollBack(open);
        throw error;
      }
      await this.#commit(open, isWritten);
      return answer;
    });
  }

  async lock(name: string): Promise<StoreLock | undefined> {
    return this.#do(async () => {
      const open = await this.#connected();
      if (open.locks.has(name)) return undefined;
      const key = this.#lockKey(name);
      const [row] = await open.session.query(`SELECT pg_try_advisory_lock(${key}) AS taken`);
      if (row?.taken !== true) return undefined;
      open.locks.add(name);
      let isReleased = false;
      return {
        isHeld: () => !isReleased && !open.session.isLost,
        release: async () => {
          if (isReleased) return;
          isReleased = true;
          open.locks.delete(name);
          // Whoever has lost the session has lost the lock.
          if (!open.session.isLost)
            await open.session.query(`SELECT pg_advisory_unlock(${key})`).catch(() => {});
        },
      };
    });
  }

  async isLocked(name: string): Promise<boolean> {
    return this.#do(async () => {
      const open = await this.#connected();
      if (open.locks.has(name)) return true;
      const [row] = await open.session.query(
        `SELECT EXISTS (
          SELECT FROM pg_locks, (SELECT ${this.#lockKey(name)} AS key) AS asked
          WHERE locktype = 'advisory' AND objsubid = 1 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND classid = ((key >> 32) & 4294967295)::oid AND objid = (key & 4294967295)::oid
        ) AS locked`,
      );
      return row?.locked === true;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.arrivals.close();
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    // Do not wait for the end; others may check at once.
    if (!open.session.isLost) await open.session.query("SELECT pg_advisory_unlock_all()").catch(() => {});
    open.session.end();
  }

  async #do<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (this.#isClosed) throw new MeterError("closed", `${this.name} is closed`);
    try {
      return await work();
    } catch (error) {
      throw storeError(error, this.name, this.#options.schema);
    }
  }

  #lockKey(name: string): string {
    return lockKey(`${this.#options.schema}/${name}`);
  }

  async #connected(): Promise<OpenSession> {
    if (this.#open !== undefined && !this.#open.session.isLost) return this.#open;
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<OpenSession> {
    this.#forget();
    this.arrivals.lost();
    const { schema, isView = false } = this.#options;
    const session = await Session.open(this.#options, (channel) => {
      if (channel === schema) this.arrivals.rang();
    });
    try {
      const [found] = await session.query(
        `SELECT pg_backend_pid() AS pid, pg_is_in_recovery() AS replica, (SELECT layout FROM ${quoted(schema)}.turns) AS layout,
          ${quoted(schema)}.place() AS place, current_database()::text AS database`,
      );
      if (found?.layout === undefined)
        throw new ConnectionLost(
          "the response belongs to another statement: a pooler mixed up responses; connect directly",
        );
      if (found.replica === true && !isView)
        throw this.#refused(`the server is read-only: ${TO_THE_PRIMARY}`);
      if (found.layout !== LAYOUT)
        throw this.#refused(
          `the schema ${schema} has ${found.layout === null ? "no layout" : `the layout ${String(found.layout)}`}, expected layout ${LAYOUT}: use the version of meter-lib that wrote it, or run \`meter outbox migrate\``,
        );
      const isPooled = session.namedPid !== undefined && session.namedPid !== found.pid;
      if (!isView) {
        if (isPooled && (await this.#isShared(session, found.pid))) throw pooled(this.name);
        // PgBouncer takes a notification that comes while it resets a connection for the end of the reset, and gives the reset's response to
        // whoever gets the connection next.
        if (!isPooled) await session.query(`LISTEN ${quoted(schema)}`);
        this.arrivals.connected({ id: String(found.place), database: String(found.database) }, !isPooled);
      }
      const open = { session, pid: found.pid, locks: new Set<string>() };
      this.#open = open;
      return open;
    } catch (error) {
      session.end();
      throw error;
    }
  }

  /** Whether a connection changes its process of the server, or another one gets the same. */
  async #isShared(session: Session, pid: unknown): Promise<boolean> {
    let other: Session | undefined;
    try {
      other = await Session.open(
        { ...this.#options, connectTimeoutMs: POOLER_MS, answerMs: POOLER_MS },
        () => {},
      );
      // On a busy pooler one look may miss it.
      for (let look = 0; look < POOLER_LOOKS; look++) {
        const [theirs] = await other.query("BEGIN; SELECT pg_backend_pid() AS pid");
        const [mine] = await session.query("SELECT pg_backend_pid() AS pid");
        await other.query("ROLLBACK");
        if (theirs?.pid === pid || mine?.pid !== pid) return true;
      }
      return false;
    } catch (error) {
      if (session.isLost) throw error;
      // Whoever waits for a connection has none of those that are taken. Should they be shared all the same, the next transaction tells.
      return false;
    } finally {
      other?.end();
    }
  }

  async #begin({ session, pid }: OpenSession): Promise<void> {
    const { schema, isView } = this.#options;
    const begin = isView
      ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
      : `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${this.#turnLock})`;
    const [row] = await session.query(
      `${begin}; SELECT turn, pg_backend_pid() AS pid FROM ${quoted(schema)}.turns`,
    );
    if (row?.pid !== pid) throw pooled(this.name);
    const turn = String(row?.turn);
    if (turn !== this.#turn) this.#forget();
    this.#turn = turn;
  }

  /** Sends all changes in one statement; returns whether there were any. */
  async #write({ session }: OpenSession): Promise<boolean> {
    const values: unknown[] = [];
    const statements = TABLE_NAMES.flatMap((name) =>
      this.#rows[name].write((value) => `$${values.push(value)}`),
    );
    if (statements.length === 0) return false;
    const parts = statements.map((statement, i) => `part${i} AS (${statement})`);
    await session.query(
      `WITH ${parts.join(", ")} UPDATE ${quoted(this.#options.schema)}.turns SET turn = turn + 1`,
      values,
    );
    return true;
  }

  async #commit({ session }: OpenSession, isWritten: boolean): Promise<void> {
    try {
      await session.query("COMMIT");
    } catch (error) {
      this.#forget();
      if (!(error instanceof ConnectionLost) || !isWritten) throw error;
      throw new MayHaveCommitted(`${this.name}: the connection was lost while it committed`, {
        cause: error,
      });
    }
    for (const name of TABLE_NAMES) this.#rows[name].committed();
    if (isWritten && this.#turn !== undefined) this.#turn = String(BigInt(this.#turn) + 1n);
  }

  async #rollBack({ session }: OpenSession): Promise<void> {
    if (session.isLost) return;
    try {
      await session.query("ROLLBACK");
    } catch (error) {
      session.lose(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #forget(): void {
    this.#turn = undefined;
    for (const name of TABLE_NAMES) this.#rows[name].forget();
  }

  #refused(why: string): MeterError {
    return new MeterError("invalid_options", `${this.name}: ${why}`);
  }
}

/** A connection whose server process changes between statements. */
const pooled = (name: string): MeterError =>
  new MeterError(
    "invalid_options",
    `${name}: the connection goes through a pooler in transaction mode, where locks do not last: connect directly, or set pool_mode=session`,
  );
