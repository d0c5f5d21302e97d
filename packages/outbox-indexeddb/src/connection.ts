import { type OutboxDatabase, openOutboxDatabase } from "./outbox-schema.ts";
import { holdOwnerLock, webLocks } from "./owner-life.ts";

export interface ConnectionOptions {
  readonly name: string;
  readonly producer: string;
  readonly openTimeoutMs: number;
}

/** An open database, and the lock that shows it. */
export interface Connection {
  readonly db: OutboxDatabase;
  /** Whether the owner's row has been written through it. */
  entered: boolean;
  /** Tells the other pages that this one is not to be waited for. */
  release(): void;
}

/** Opens the database when it is needed, again after it was closed by the browser, by an upgrade or for a page's sleep. */
export class Connections {
  readonly #options: ConnectionOptions;
  #current: Promise<Connection> | undefined;
  /** While the page sleeps: resolves when it wakes. */
  #sleep: PromiseWithResolvers<void> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  get(): Promise<Connection> {
    if (this.#current === undefined) {
      const opened = this.#open();
      this.#current = opened;
      opened.catch(() => this.#forget(opened));
    }
    return this.#current;
  }

  /** Lets other pages take over; what is under way is still carried out. */
  release(): void {
    this.#current?.then(({ release }) => release()).catch(() => {});
  }

  /** Closes the database too. The next call opens it anew. */
  close(): void {
    const closed = this.#current;
    if (closed === undefined) return;
    this.#forget(closed);
    closed.then(
      ({ db, release }) => {
        release();
        db.close();
      },
      () => {},
    );
  }

  /** The page is put to sleep: calls wait until it wakes. */
  sleep(): void {
    this.#sleep ??= Promise.withResolvers();
    this.close();
  }

  wake(): void {
    this.#sleep?.resolve();
    this.#sleep = undefined;
  }

  #forget(connection: Promise<Connection>): void {
    if (this.#current === connection) this.#current = undefined;
  }

  async #open(): Promise<Connection> {
    const { name, producer } = this.#options;
    const locks = webLocks();
    for (;;) {
      await this.#sleep?.promise;
      const release = locks === undefined ? () => {} : await holdOwnerLock(locks, name, producer);
      if (this.#sleep !== undefined) {
        release();
        continue;
      }
      try {
        return { db: await this.#openDatabase(), entered: false, release };
      } catch (error) {
        release();
        if (this.#sleep === undefined) throw error;
      }
    }
  }

  #openDatabase(): Promise<OutboxDatabase> {
    const { name, openTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      let failed = false;
      const fail = (why: string) => {
        failed = true;
        reject(new Error(why));
      };
      const timer = setTimeout(() => fail(`did not open within ${openTimeoutMs} ms`), openTimeoutMs);
      openOutboxDatabase(name, {
        blocked: () => fail("a page with an older version keeps it from opening"),
        isUnwanted: () => this.#sleep !== undefined,
        ended: () => this.close(),
      })
        .then((db) => {
          // Too late: whoever asked was told that it does not work. The next one opens it anew.
          if (failed) db.close();
          resolve(db);
        }, reject)
        .finally(() => clearTimeout(timer));
    });
  }
}
