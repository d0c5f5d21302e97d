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
import { openDatabase } from "./open-database.ts";
import { isDamage, mayHaveCommitted, storeError } from "./sqlite-failure.ts";
import { openTables, transactionOn } from "./table.ts";

export interface SqliteStoreOptions {
  readonly path: string;
  /** How long a call waits, in milliseconds, while another process writes. */
  readonly busyTimeoutMs: number;
  /** Told, beside its own warnings, when it is opened. */
  readonly notice?: string;
}

/**
 * A store in an SQLite file, shared by the processes of one machine. It works in the calling thread: a transaction stalls it until the
 * disk has answered.
 *
 * When the file or its log is removed or replaced while it is open, a call fails. The next one opens what is there then, without the
 * locks that were taken before.
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
  /** Damage was met: the whole file is checked when it is opened again. */
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
        // IMMEDIATE: a transaction that begins by reading may fail to become a writer, and no busy timeout helps then.
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
      const lock = takeLock(lockFile(path, name));
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
      removeFreeLocks(path);
      return warnings;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #commit(db: DatabaseSync): void {
    try {
      db.exec("COMMIT");
    } catch (error) {
      this.#rollBack(db);
      if (!mayHaveCommitted(error)) throw this.#failed(error);
      this.#disconnect();
      throw new MayHaveCommitted(`${this.name}: a commit failed on its way to the disk`, { cause: error });
    }
    // Into a file that has no name any more it was written for nobody.
    try {
      this.#unchanged();
    } catch (error) {
      throw new MayHaveCommitted(`${this.name}: a commit may have gone to a file that is gone`, {
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
      // Nobody expects it to be another one: what is to be told of it is told by failing once.
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

  /** Lets go of the file and of all locks. Nothing waits for a transaction that is under way. */
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

/** Whether somebody has the lock on a file. One that is free is removed: who lost it without knowing, knows by that. */
const isLockedFile = (file: string): boolean => {
  // Not there: the store was copied or moved without it.
  if (fileIdentity(file) === undefined) return false;
  try {
    const lock = takeLock(file);
    lock?.release("remove");
    return lock === undefined;
  } catch {
    // One that cannot be opened may be somebody's.
    return true;
  }
};

/** What is left of those whose process died. */
const removeFreeLocks = (path: string): void => {
  const folder = dirname(path);
  for (const name of readdirSync(folder))
    if (name.startsWith(basename(path) + LOCK)) isLockedFile(join(folder, name));
};
