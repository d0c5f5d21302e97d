import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  type KeyRange,
  MeterError,
  type SegmentBody,
  type StoreTransaction,
  type TableName,
  type Tables,
} from "@meter-lib/core/store";
import { DamageFound, isDamage } from "./sqlite-failure.ts";

/** Rows that are required to interpret the others. Damage in any other row costs only that row. */
export const VITAL: readonly TableName[] = ["meta", "owners", "accounts", "deltas"];

/** A value as the text of its column. */
interface Form<Value> {
  readonly write: (value: Value) => string;
  /** Throws if the text is damaged. */
  readonly read: (text: string) => Value;
}

/** A table of an open file, in its transactions. */
export class Table<Value> {
  readonly #db: DatabaseSync;
  readonly #name: TableName;
  readonly #form: Form<Value>;
  readonly #statements = new Map<string, StatementSync>();
  /** Keys of rows that SQLite can neither read nor delete: they stay where they are. */
  readonly #unreadable = new Set<string>();

  constructor(db: DatabaseSync, name: TableName, form: Form<Value>) {
    this.#db = db;
    this.#name = name;
    this.#form = form;
  }

  get(key: string): Value | undefined {
    if (this.#unreadable.has(key)) return undefined;
    const row = this.#alone(key, () => this.#prepared("SELECT value FROM table WHERE key = ?").get(key));
    return row && this.#read(row.value);
  }

  put(key: string, value: Value): void {
    this.#prepared(
      "INSERT INTO table VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    ).run(key, this.#form.write(value));
  }

  delete(key: string): void {
    if (this.#unreadable.has(key)) return;
    this.#alone(key, () => this.#prepared("DELETE FROM table WHERE key = ?").run(key));
  }

  /** No key is after `before`: all are ASCII. */
  range({ from = "", before = "\u{7f}", limit = -1, reverse = false }: KeyRange): readonly [string, Value][] {
    const rows = this.#prepared(
      `SELECT key, value FROM table WHERE key >= ? AND key < ? ORDER BY key ${reverse ? "DESC" : "ASC"} LIMIT ?`,
    ).all(from, before, limit);
    const read: [string, Value][] = [];
    for (const { key, value } of rows) {
      const found = this.#read(value);
      if (found !== undefined) read.push([String(key), found]);
    }
    return read;
  }

  /** SQLite writes no more in a transaction that found damage. A damaged body fails its transaction once; the next one skips that row. */
  #alone<Answer>(key: string, work: () => Answer): Answer {
    try {
      return work();
    } catch (error) {
      if (this.#name !== "bodies" || !isDamage(error)) throw error;
      this.#unreadable.add(key);
      throw new MeterError(
        "outbox_failed",
        `the stored events ${key} are damaged; they are skipped from now on`,
        {
          cause: error,
        },
      );
    }
  }

  #read(text: unknown): Value | undefined {
    try {
      if (typeof text === "string") return this.#form.read(text);
    } catch {
      // Reported below.
    }
    if (VITAL.includes(this.#name)) throw new DamageFound(`a row of ${this.#name} is damaged`);
    return undefined;
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql.replace(" table ", ` ${this.#name} `));
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

const json = <Value>(): Form<Value> => ({ write: JSON.stringify, read: JSON.parse });

const text: Form<SegmentBody> = {
  write: (body) => {
    if (typeof body === "string") return body;
    throw new TypeError("expected the events of a segment as text");
  },
  read: (body) => body,
};

export type OpenTables = { readonly [Name in TableName]: Table<Tables[Name]> };

export const openTables = (db: DatabaseSync): OpenTables => ({
  meta: new Table(db, "meta", json()),
  owners: new Table(db, "owners", json()),
  segments: new Table(db, "segments", json()),
  bodies: new Table(db, "bodies", text),
  held: new Table(db, "held", json()),
  waiting: new Table(db, "waiting", json()),
  letters: new Table(db, "letters", json()),
  ids: new Table(db, "ids", json()),
  identities: new Table(db, "identities", json()),
  revisions: new Table(db, "revisions", json()),
  deltas: new Table(db, "deltas", json()),
  ends: new Table(db, "ends", json()),
  accounts: new Table(db, "accounts", json()),
  ledger: new Table(db, "ledger", json()),
  sessions: new Table(db, "sessions", json()),
  arrivals: new Table(db, "arrivals", json()),
});

export const transactionOn = (tables: OpenTables): StoreTransaction => ({
  get: (table, key) => tables[table].get(key),
  put: (table, key, value) => tables[table].put(key, value),
  delete: (table, key) => tables[table].delete(key),
  range: (table, range) => tables[table].range(range),
});
