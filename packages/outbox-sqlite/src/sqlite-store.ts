import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import {
  MayHaveCommitted,
  MeterError,
  type Store,
  type StoreLock,
  type StoreTransaction,
} from "@meter-lib/core/store";
import { type FileLock, fileIdentity, takeLock } from "./file-lock.ts";
import { inTurn } from "./in-turn.ts";
import { openDatabase, whileNobodyOpens } from "./open-database.ts";
import { isDamage, mayHaveCommitted, storeError } from "./sqlite-failure.ts";
import { openTables, transactionOn } from "./table.ts";

export interface SqliteStoreOptions {
  readonly path: string;
  /** How long a call waits while another process writes, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** Called with warnings when it is opened. */
  readonly notice?: string;
}

/**
 * A store in an SQLite file, shared by the processes of one machine. It runs in the calling thread: a transaction blocks it until the disk
 * responds.
 *
 * If the file or its WAL is removed or replaced while it is open, a call fails. The next one opens the file that is there then, without the
 * locks taken before.
 */
export const sqliteStore = (options: SqliteStoreOptions): Store => new SqliteStore(options);

interface OpenFile {
  readonly db: DatabaseSync;
  readonly path: string;
  readonly tx: StoreTransaction;
  readonly identity: string;
}

class SqliteStore implements Store {
  readonly name: string;
  readonly durable = true;

  readonly #options: SqliteStoreOptions;
  readonly #locks = new Set<FileLock>();
  #file: OpenFile | undefined;
  /** Damage was found: the whole file is checked when it is reopened. */
  #isSuspect = false;
  #isClosed = false;

  constructor(options: SqliteStoreOptions) {
    this.name = `sqlite ${options.path}`;
    this.#options = options;
  }

  open(): readonly string[] {
    const { notice } = this.#options;
    return [...(notice === undefined ? [] : [notice]), ...this.#open()];
  }

  transact<Answer>(work: (tx: StoreTransaction) => Answer | PromiseLike<Answer>): Promise<Answer> {
    return inTurn(this.#connected().path, async () => {
      const { db, tx } = this.#unchanged();
      let answer: Answer;
      try {
        // IMMEDIATE: a transaction that starts by reading may fail to become a writer, and then no busy timeout helps.
        db.exec("BEGIN IMMEDIATE");
        answer = await work(tx);
      } catch (error) {
        this.#rollBack(db);
        throw this.#failed(error);
      }
      this.#commit(db);
      return answer;
    });
  }

  lock(name: string): StoreLock | undefined {
    const { path } = this.#connected();
    try {
      // Not while another process takes it for the lock of a dead one.
      const lock = this.#alone(path, () => takeLock(lockFile(path, name)));
      if (lock === undefined) return undefined;
      this.#locks.add(lock);
      return {
        isHeld: () => lock.isHeld(),
        release: () => {
          this.#locks.delete(lock);
          lock.release("remove");
        },
      };
    } catch (error) {
      throw this.#failed(error);
    }
  }

  isLocked(name: string): boolean {
    return isLockedFile(lockFile(this.#connected().path, name));
  }

  close(): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  #open(): readonly string[] {
    if (this.#isClosed) throw new MeterError("closed", `${this.name} is closed`);
    this.#disconnect();
    try {
      const { db, path, warnings } = openDatabase({ ...this.#options, isSuspect: this.#isSuspect });
      this.#isSuspect = false;
      this.#file = { db, path, tx: transactionOn(openTables(db)), identity: identityOf(path) };
      this.#alone(path, () => removeFreeLocks(path));
      return warnings;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #alone<Answer>(path: string, work: () => Answer): Answer {
    return whileNobodyOpens(path, this.#options.busyTimeoutMs, work);
  }

  #commit(db: DatabaseSync): void {
    try {
      db.exec("COMMIT");
    } catch (error) {
      this.#rollBack(db);
      if (!mayHaveCommitted(error)) throw this.#failed(error);
      this.#disconnect();
      throw new MayHaveCommitted(`${this.name}: a commit failed while it was written`, { cause: error });
    }
    // A file without a name is lost.
    try {
      this.#unchanged();
    } catch (error) {
      throw new MayHaveCommitted(`${this.name}: a commit may have gone to a deleted file`, {
        cause: error,
      });
    }
  }

  #rollBack(db: DatabaseSync): void {
    try {
      // A full disk may have rolled back already.
      if (db.isTransaction) db.exec("ROLLBACK");
    } catch {
      this.#disconnect();
    }
  }

  #connected(): OpenFile {
    if (this.#file === undefined) {
      // Nobody expects a different file: reporting it by one failure is enough.
      const warnings = this.#open();
      if (warnings.length > 0) throw new MeterError("outbox_failed", `${this.name}: ${warnings.join("; ")}`);
    }
    if (this.#file === undefined) throw new MeterError("outbox_failed", `${this.name} is not open`);
    return this.#file;
  }

  #unchanged(): OpenFile {
    const file = this.#connected();
    if (identityOf(file.path) === file.identity) return file;
    this.#disconnect();
    throw new MeterError(
      "outbox_failed",
      `${this.name}: the file, or its -wal or -shm, was removed or replaced while it was open`,
    );
  }

  /** Releases the file and all locks. Nothing waits for a running transaction. */
  #disconnect(): void {
    this.#file?.db.close();
    this.#file = undefined;
    for (const lock of this.#locks) lock.release("remove");
    this.#locks.clear();
  }

  #failed(error: unknown): unknown {
    if (isDamage(error)) {
      this.#isSuspect = true;
      this.#disconnect();
    }
    return storeError(error, this.name);
  }
}

const identityOf = (path: string): string =>
  ["", "-wal", "-shm"].map((suffix) => fileIdentity(path + suffix)).join();

const LOCK = ".owner-";

const lockFile = (path: string, name: string): string => path + LOCK + encodeURIComponent(name);

/** Whether the lock on a file is taken. A free one is removed, so that an owner that lost it without knowing finds out. */
const isLockedFile = (file: string): boolean => {
  // Not there: the store was copied or moved without it.
  if (fileIdentity(file) === undefined) return false;
  try {
    const lock = takeLock(file);
    lock?.release("remove");
    return lock === undefined;
  } catch {
    // One that cannot be opened may be taken.
    return true;
  }
};

/** Removes the locks of dead processes. */
const removeFreeLocks = (path: string): void => {
  const folder = dirname(path);
  for (const name of readdirSync(folder))
    if (name.startsWith(basename(path) + LOCK)) isLockedFile(join(folder, name));
};
