import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { OwnSegments } from "./own-segments.ts";
import { isDead, type OwnerLock, ownerFile, removeOwnerFile, takeLock } from "./owner-lock.ts";
import { readNumber, readText } from "./read-column.ts";
import { StoreFailure } from "./store-failure.ts";

export interface Owner {
  readonly id: number;
  readonly producer: string;
  readonly lock: OwnerLock;
}

/** The outboxes that are open on one store. All methods are to be called in a transaction: its write lock puts them in a row. */
export class Owners {
  readonly #path: string;
  readonly #insert: StatementSync;
  readonly #live: StatementSync;
  readonly #bury: StatementSync;
  readonly #unhold: StatementSync;
  readonly #segments: OwnSegments;

  constructor(db: DatabaseSync, path: string, segments: OwnSegments) {
    this.#segments = segments;
    this.#path = path;
    this.#insert = db.prepare("INSERT INTO producers (producer, live) VALUES (?, 1)");
    this.#live = db.prepare("SELECT id, producer FROM producers WHERE live = 1");
    this.#bury = db.prepare("UPDATE producers SET live = 0 WHERE id = ?");
    this.#unhold = db.prepare("UPDATE events SET holder = NULL, state = 0 WHERE holder = ?");
  }

  /** A new owner. Its lock is taken before anybody can read of it. */
  enter(): Owner {
    const producer = crypto.randomUUID();
    const lock = takeLock(ownerFile(this.#path, producer));
    if (lock === undefined) throw new StoreFailure("io", "the lock of a new owner is taken");
    try {
      return { id: Number(this.#insert.run(producer).lastInsertRowid), producer, lock };
    } catch (error) {
      lock.release();
      removeOwnerFile(this.#path, producer);
      throw error;
    }
  }

  /** Lets go of what an owner held: its rows can be claimed. Those in flight keep the time they were first sent. */
  leave(id: number): void {
    this.#segments.letGo(id);
    this.#unhold.run(id);
    this.#bury.run(id);
  }

  /** Owners that died, except this one. */
  dead(self: number): readonly Pick<Owner, "id" | "producer">[] {
    return this.#live
      .all()
      .map((row) => ({ id: readNumber(row, "id"), producer: readText(row, "producer") }))
      .filter(({ id, producer }) => id !== self && isDead(this.#path, producer));
  }

  /** Removes side files that belong to no owner: their process died between two steps. */
  sweep(): void {
    const live = new Set(this.#live.all().map((row) => readText(row, "producer")));
    const prefix = basename(ownerFile(this.#path, ""));
    for (const name of readdirSync(dirname(this.#path))) {
      const producer = name.startsWith(prefix) ? name.slice(prefix.length) : "";
      if (!/^[0-9a-f-]{36}$/.test(producer) || live.has(producer)) continue;
      if (isDead(this.#path, producer)) removeOwnerFile(this.#path, producer);
    }
  }
}
