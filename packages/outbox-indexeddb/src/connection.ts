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

  /** Lets other pages take over; with `close`, the database too. What is under way is still carried out. */
  pause(close: boolean): void {
    const paused = this.#current;
    if (paused === undefined) return;
    if (close) this.#forget(paused);
    paused.then(
      ({ db, release }) => {
        release();
        if (close) db.close();
      },
      () => {},
    );
  }

  #forget(connection: Promise<Connection>): void {
    if (this.#current === connection) this.#current = undefined;
  }

  async #open(): Promise<Connection> {
    const { name, producer } = this.#options;
    const db = await this.#openDatabase();
    const locks = webLocks();
    const release = locks === undefined ? () => {} : await holdOwnerLock(locks, name, producer);
    return { db, entered: false, release };
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
        ended: () => this.pause(true),
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
