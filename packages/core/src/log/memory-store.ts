import type { KeyRange, Store, StoreLock, StoreRow, StoreTransaction } from "./store.ts";
import type { TableName, Tables } from "./tables.ts";

/** Rows by key. The order is worked out when it is asked for, and then kept. */
class Table<Value> {
  readonly #rows = new Map<string, Value>();
  #keys: string[] | undefined;
  /** Where the keys begin: most rows go in the order in which they came. */
  #head = 0;
  /** Keys behind the head that are no rows any more. */
  #gone = 0;

  get(key: string): Value | undefined {
    return this.#rows.get(key);
  }

  put(key: string, value: Value): void {
    if (this.#keys !== undefined && !this.#rows.has(key)) this.#order(this.#keys, key);
    this.#rows.set(key, value);
  }

  delete(key: string): void {
    if (!this.#rows.delete(key) || this.#keys === undefined) return;
    this.#gone++;
    for (let first = this.#keys[this.#head]; first !== undefined && !this.#rows.has(first); ) {
      this.#gone--;
      first = this.#keys[++this.#head];
    }
    const waste = this.#head + this.#gone;
    if (waste < 64 || waste * 2 < this.#keys.length) return;
    this.#keys = this.#keys.filter((each) => this.#rows.has(each));
    this.#head = 0;
    this.#gone = 0;
  }

  range({
    from = "",
    before,
    limit = Number.POSITIVE_INFINITY,
    reverse = false,
  }: KeyRange): [string, Value][] {
    this.#keys ??= [...this.#rows.keys()].sort();
    const keys = this.#keys;
    const first = place(keys, from, this.#head);
    const last = before === undefined ? keys.length : place(keys, before, this.#head);
    const rows: [string, Value][] = [];
    for (let i = 0; i < last - first && rows.length < limit; i++) {
      const key = keys[reverse ? last - 1 - i : first + i];
      const value = key === undefined ? undefined : this.#rows.get(key);
      if (key !== undefined && value !== undefined) rows.push([key, value]);
    }
    return rows;
  }

  #order(keys: string[], key: string): void {
    const last = keys.at(-1);
    if (last === undefined || last < key) {
      keys.push(key);
      return;
    }
    const at = place(keys, key, this.#head);
    if (keys[at] === key) this.#gone--;
    else keys.splice(at, 0, key);
  }
}

/** Where a key is, or would be, from `start` on. */
const place = (keys: readonly string[], key: string, start: number): number => {
  let low = start;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
};

type TableSet = { readonly [Name in TableName]: Table<Tables[Name]> };

/** A store in memory, for one process: nothing survives it. */
export const memoryStore = (): Store => new MemoryStore();

class MemoryStore implements Store {
  readonly name = "memory";
  readonly durable = false;
  readonly #tables: TableSet = {
    meta: new Table(),
    owners: new Table(),
    segments: new Table(),
    bodies: new Table(),
    held: new Table(),
    waiting: new Table(),
    letters: new Table(),
    ids: new Table(),
    ends: new Table(),
    identities: new Table(),
    deltas: new Table(),
    accounts: new Table(),
    ledger: new Table(),
    sessions: new Table(),
  };
  readonly #locks = new Map<string, StoreLock>();

  open() {
    return [];
  }

  async transact<Answer>(work: (tx: StoreTransaction) => Answer | PromiseLike<Answer>): Promise<Answer> {
    const tx = new MemoryTransaction(this.#tables);
    try {
      return await work(tx);
    } catch (error) {
      tx.undo();
      throw error;
    }
  }

  lock(name: string): StoreLock | undefined {
    if (this.#locks.has(name)) return undefined;
    const lock: StoreLock = {
      isHeld: () => this.#locks.get(name) === lock,
      release: () => {
        if (lock.isHeld() === true) this.#locks.delete(name);
      },
    };
    this.#locks.set(name, lock);
    return lock;
  }

  isLocked(name: string): boolean {
    return this.#locks.has(name);
  }

  close() {
    this.#locks.clear();
  }
}

class MemoryTransaction implements StoreTransaction {
  readonly #tables: TableSet;
  readonly #undo: (() => void)[] = [];

  constructor(tables: TableSet) {
    this.#tables = tables;
  }

  get<Name extends TableName>(table: Name, key: string): Tables[Name] | undefined {
    return this.#tables[table].get(key);
  }

  put<Name extends TableName>(table: Name, key: string, value: Tables[Name]): void {
    const rows: Table<Tables[Name]> = this.#tables[table];
    const before = rows.get(key);
    this.#undo.push(() => (before === undefined ? rows.delete(key) : rows.put(key, before)));
    rows.put(key, value);
  }

  delete(table: TableName, key: string): void {
    this.#delete(table, key);
  }

  range<Name extends TableName>(table: Name, range: KeyRange): readonly StoreRow<Name>[] {
    const rows: Table<Tables[Name]> = this.#tables[table];
    return rows.range(range);
  }

  undo(): void {
    for (const step of this.#undo.reverse()) step();
  }

  #delete<Name extends TableName>(table: Name, key: string): void {
    const rows: Table<Tables[Name]> = this.#tables[table];
    const before = rows.get(key);
    if (before === undefined) return;
    this.#undo.push(() => rows.put(key, before));
    rows.delete(key);
  }
}
