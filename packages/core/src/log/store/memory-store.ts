import { OrderedTable } from "./ordered-table.ts";
import type { KeyRange, Store, StoreLock, StoreRow, StoreTransaction } from "./store.ts";
import type { TableName, Tables } from "./tables.ts";

type TableSet = { readonly [Name in TableName]: OrderedTable<Tables[Name]> };

/** A store in memory, for one process. Nothing survives the process. */
export const memoryStore = (): Store => new MemoryStore();

class MemoryStore implements Store {
  readonly name = "memory";
  readonly durable = false;
  readonly #tables: TableSet = {
    meta: new OrderedTable(),
    owners: new OrderedTable(),
    segments: new OrderedTable(),
    bodies: new OrderedTable(),
    held: new OrderedTable(),
    waiting: new OrderedTable(),
    letters: new OrderedTable(),
    ids: new OrderedTable(),
    ends: new OrderedTable(),
    identities: new OrderedTable(),
    revisions: new OrderedTable(),
    deltas: new OrderedTable(),
    accounts: new OrderedTable(),
    ledger: new OrderedTable(),
    sessions: new OrderedTable(),
    arrivals: new OrderedTable(),
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
    const rows: OrderedTable<Tables[Name]> = this.#tables[table];
    const before = rows.get(key);
    this.#undo.push(() => (before === undefined ? rows.delete(key) : rows.put(key, before)));
    rows.put(key, value);
  }

  delete(table: TableName, key: string): void {
    this.#delete(table, key);
  }

  range<Name extends TableName>(table: Name, range: KeyRange): readonly StoreRow<Name>[] {
    const rows: OrderedTable<Tables[Name]> = this.#tables[table];
    return rows.range(range);
  }

  undo(): void {
    for (const step of this.#undo.reverse()) step();
  }

  #delete<Name extends TableName>(table: Name, key: string): void {
    const rows: OrderedTable<Tables[Name]> = this.#tables[table];
    const before = rows.get(key);
    if (before === undefined) return;
    this.#undo.push(() => rows.put(key, before));
    rows.delete(key);
  }
}
