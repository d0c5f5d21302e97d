import type { StoreLock } from "@meter-lib/core/store";
import type { Hold, Locking } from "./locking.ts";
import { rowLocks } from "./row-locks.ts";
import type { StoreDatabase } from "./store-database.ts";
import { webLocks } from "./web-locks.ts";

interface Held {
  hold: Hold | undefined;
  isOver: boolean;
}

/** Locks that end with the page. It releases them when it is suspended, and takes the free ones again when it resumes. */
export class StoreLocks {
  readonly #locking: Locking;
  readonly #held = new Map<string, Held>();
  #sleeps = 0;

  constructor(database: string, leaseMs: number, pages: StoreDatabase) {
    const locks = globalThis.navigator?.locks;
    this.#locking = locks === undefined ? rowLocks(leaseMs, pages) : webLocks(locks, database);
  }

  async take(name: string): Promise<StoreLock | undefined> {
    if (this.#held.has(name)) return undefined;
    const held: Held = { hold: undefined, isOver: false };
    this.#held.set(name, held);
    try {
      await this.#takeUp(name, held);
    } catch (error) {
      await this.#release(name, held);
      throw error;
    }
    if (held.isOver) return undefined;
    return {
      isHeld: () => !held.isOver && held.hold?.isLost() !== true,
      release: () => this.#release(name, held),
    };
  }

  isTaken(name: string, tx: IDBTransaction | undefined): Promise<boolean> {
    return this.#locking.isTaken(name, tx);
  }

  sleep(): void {
    this.#sleeps++;
    for (const held of this.#held.values()) {
      if (held.hold?.endsInSleep !== true) continue;
      held.hold.end().catch(() => {});
      held.hold = undefined;
    }
  }

  async wake(): Promise<void> {
    const takeUp = (name: string, held: Held) =>
      this.#takeUp(name, held).catch(() => this.#release(name, held));
    await Promise.all(
      Array.from(this.#held, ([name, held]) => (held.hold === undefined ? takeUp(name, held) : undefined)),
    );
  }

  /** What cannot be released now ends with the page, or with its lease. */
  async releaseAll(): Promise<void> {
    await Promise.allSettled(Array.from(this.#held, ([name, held]) => this.#release(name, held)));
  }

  async #takeUp(name: string, held: Held): Promise<void> {
    const sleeps = this.#sleeps;
    const hold = await this.#locking.take(name);
    // If the page is suspended again, it is taken on resume.
    const isLate = held.isOver || (hold?.endsInSleep && sleeps !== this.#sleeps);
    if (hold !== undefined && isLate) await hold.end();
    else if (hold !== undefined) held.hold = hold;
    else if (held.hold === undefined) await this.#release(name, held);
  }

  async #release(name: string, held: Held): Promise<void> {
    if (held.isOver) return;
    held.isOver = true;
    this.#held.delete(name);
    await held.hold?.end();
  }
}
