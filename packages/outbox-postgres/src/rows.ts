import {
  type KeyRange,
  MeterError,
  OrderedTable,
  type SegmentBody,
  type StoreRow,
  type TableName,
  type Tables,
} from "@meter-lib/core/store";
import type { PostgresRow } from "./postgres-client.ts";
import { quoted } from "./sql.ts";

export type Query = (text: string, values?: unknown[]) => Promise<readonly PostgresRow[]>;

/** What a table's rows are in SQL. */
export interface RowForm<Value> {
  readonly read: (row: PostgresRow) => Value;
  readonly write: (value: Value) => string;
}

/** Small tables that are read in ranges: kept whole. */
const WHOLE = 20_000;
/** Rows of a larger table that were read or written last. */
const MOST_KNOWN = 20_000;

/**
 * A table, as far as it is known here: as long as nobody else wrote, what this store wrote or read needs no asking. Changes are gathered
 * until the transaction ends.
 */
export class Rows<Name extends TableName> {
  readonly #name: Name;
  readonly #query: Query;
  readonly #form: RowForm<Tables[Name]>;
  readonly #from: string;
  readonly #keeps: "all" | "known" | "nothing";
  /** All of the table. */
  #whole: OrderedTable<Tables[Name]> | undefined;
  #isLarge = false;
  /** Rows of it, with those that are known not to be there; of a table that keeps nothing, what the transaction prefetched. */
  #known = new Map<string, Tables[Name] | undefined>();
  /** What the transaction has changed. */
  #changed = new Map<string, Tables[Name] | undefined>();

  constructor(
    query: Query,
    schema: string,
    name: Name,
    form: RowForm<Tables[Name]>,
    keeps: "all" | "known" | "nothing",
  ) {
    this.#query = query;
    this.#name = name;
    this.#form = form;
    this.#from = `${quoted(schema)}.${name}`;
    this.#keeps = keeps;
  }

  async get(key: string): Promise<Tables[Name] | undefined> {
    if (this.#changed.has(key)) return this.#changed.get(key);
    const whole = await this.#all();
    if (whole !== undefined) return whole.get(key);
    if (this.#known.has(key)) return this.#known.get(key);
    const found = (await this.#read([key])).get(key);
    if (this.#keeps === "known") this.#known.set(key, found);
    return found;
  }

  /** Reads rows that will be asked for. */
  async prefetch(keys: readonly string[]): Promise<void> {
    const unknown = keys.filter((key) => !this.#known.has(key) && !this.#changed.has(key));
    if (unknown.length === 0 || this.#keeps === "all") return;
    const found = await this.#read(unknown);
    for (const key of unknown) this.#known.set(key, found.get(key));
  }

  put(key: string, value: Tables[Name]): void {
    this.#changed.set(key, value);
    this.#whole?.put(key, value);
  }

  delete(key: string): void {
    this.#changed.set(key, undefined);
    this.#whole?.delete(key);
  }

  async range(range: KeyRange): Promise<readonly StoreRow<Name>[]> {
    const whole = await this.#all();
    if (whole !== undefined) return whole.range(range);
    const { limit = Number.POSITIVE_INFINITY, reverse = false } = range;
    const rows = await this.#select({ ...range, limit: limit + this.#changed.size });
    if (this.#changed.size === 0) return rows;
    const merged = rows.filter(([key]) => !this.#changed.has(key));
    for (const [key, value] of this.#changed) {
      const isIn = key >= (range.from ?? "") && (range.before === undefined || key < range.before);
      if (isIn && value !== undefined) merged.push([key, value]);
    }
    merged.sort(([a], [b]) => (a === b ? 0 : a < b === reverse ? 1 : -1));
    return merged.slice(0, limit);
  }

  /** The statements that make the transaction's changes, and their values. `place` numbers the values. */
  write(place: (value: unknown) => string): readonly string[] {
    const keys: string[] = [];
    const values: string[] = [];
    const gone: string[] = [];
    for (const [key, value] of this.#changed) {
      if (value === undefined) gone.push(key);
      else {
        keys.push(key);
        values.push(this.#form.write(value));
      }
    }
    return [
      ...(keys.length === 0 ? [] : [this.#insert(keys, values, place)]),
      ...(gone.length === 0 ? [] : [this.#delete(gone, place)]),
    ];
  }

  /** The changes were made. */
  committed(): void {
    if (this.#keeps === "known") {
      for (const [key, value] of this.#changed) this.#known.set(key, value);
      if (this.#known.size > MOST_KNOWN) this.#known = new Map();
    } else this.#known = new Map();
    this.#changed = new Map();
  }

  /** What is known of the table may be wrong now; changes are given up. */
  forget(): void {
    this.#whole = undefined;
    this.#isLarge = false;
    this.#known = new Map();
    this.#changed = new Map();
  }

  async #all(): Promise<OrderedTable<Tables[Name]> | undefined> {
    if (this.#whole !== undefined || this.#keeps !== "all" || this.#isLarge) return this.#whole;
    const rows = await this.#select({ limit: WHOLE + 1 });
    if (rows.length > WHOLE) {
      this.#isLarge = true;
      return undefined;
    }
    const whole = new OrderedTable<Tables[Name]>();
    for (const [key, value] of rows) whole.put(key, value);
    for (const [key, value] of this.#changed) {
      if (value === undefined) whole.delete(key);
      else whole.put(key, value);
    }
    this.#whole = whole;
    return whole;
  }

  async #read(keys: readonly string[]): Promise<ReadonlyMap<string, Tables[Name]>> {
    const rows = await this.#query(
      `SELECT ${this.#columns} FROM ${this.#from} WHERE ${this.#key} = ANY($1::${this.#keyType}[])`,
      [keys.map((key) => this.#keyValue(key))],
    );
    return new Map(rows.map((row) => this.#row(row)));
  }

  async #select({ from, before, limit, reverse }: KeyRange): Promise<StoreRow<Name>[]> {
    const values: unknown[] = [];
    const conditions: string[] = [];
    if (from !== undefined) conditions.push(`${this.#key} >= $${values.push(this.#keyValue(from))}`);
    if (before !== undefined) conditions.push(`${this.#key} < $${values.push(this.#keyValue(before))}`);
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const most = limit === undefined || limit === Number.POSITIVE_INFINITY ? "" : `LIMIT ${limit}`;
    const rows = await this.#query(
      `SELECT ${this.#columns} FROM ${this.#from} ${where} ORDER BY ${this.#key} ${reverse ? "DESC" : "ASC"} ${most}`,
      values,
    );
    return rows.map((row) => this.#row(row));
  }

  #row(row: PostgresRow): StoreRow<Name> {
    try {
      return [String(row.key), this.#form.read(row)];
    } catch (cause) {
      throw new MeterError("outbox_failed", `a row of ${this.#from} is damaged: key ${String(row.key)}`, {
        cause,
      });
    }
  }

  get #columns(): string {
    return this.#name === "arrivals"
      ? "lpad(id::text, 16, '0') AS key, arrival::text AS value"
      : "key, value";
  }

  get #key(): string {
    return this.#name === "arrivals" ? "id" : "key";
  }

  get #keyType(): string {
    return this.#name === "arrivals" ? "bigint" : "text";
  }

  /** Arrivals are numbered by the database. */
  #keyValue(key: string): unknown {
    return this.#name === "arrivals" ? String(Math.min(Number(key) || 0, Number.MAX_SAFE_INTEGER)) : key;
  }

  #insert(keys: string[], values: string[], place: (value: unknown) => string): string {
    if (this.#name === "arrivals")
      return `INSERT INTO ${this.#from} (id, arrival) OVERRIDING SYSTEM VALUE
        SELECT id, arrival::json FROM unnest(${place(keys)}::bigint[], ${place(values)}::text[]) AS new (id, arrival)
        ON CONFLICT (id) DO UPDATE SET arrival = excluded.arrival`;
    return `INSERT INTO ${this.#from} (key, value) SELECT * FROM unnest(${place(keys)}::text[], ${place(values)}::text[])
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
  }

  #delete(keys: string[], place: (value: unknown) => string): string {
    return `DELETE FROM ${this.#from} WHERE ${this.#key} = ANY(${place(keys)}::${this.#keyType}[])`;
  }
}

const textOf = ({ value }: PostgresRow): string => {
  if (typeof value !== "string") throw new TypeError("expected text");
  return value;
};

const json = <Value>(): RowForm<Value> => ({
  read: (row) => JSON.parse(textOf(row)),
  write: (value) => JSON.stringify(value),
});

/** PostgreSQL's text takes no NUL: a text with one is kept as JSON. */
const body: RowForm<SegmentBody> = {
  read: (row) => {
    const text = textOf(row);
    return text.startsWith('"') ? String(JSON.parse(text)) : text;
  },
  write: (value) => {
    if (typeof value !== "string") throw new TypeError("expected the events of a segment as text");
    return value.startsWith('"') || value.includes("\u0000") ? JSON.stringify(value) : value;
  },
};

export type AllRows = { readonly [Name in TableName]: Rows<Name> };

export const allRows = (query: Query, schema: string): AllRows => ({
  meta: new Rows(query, schema, "meta", json(), "all"),
  owners: new Rows(query, schema, "owners", json(), "all"),
  segments: new Rows(query, schema, "segments", json(), "known"),
  bodies: new Rows(query, schema, "bodies", body, "nothing"),
  held: new Rows(query, schema, "held", json(), "all"),
  waiting: new Rows(query, schema, "waiting", json(), "all"),
  letters: new Rows(query, schema, "letters", json(), "all"),
  ids: new Rows(query, schema, "ids", json(), "nothing"),
  ends: new Rows(query, schema, "ends", json(), "nothing"),
  identities: new Rows(query, schema, "identities", json(), "known"),
  revisions: new Rows(query, schema, "revisions", json(), "known"),
  deltas: new Rows(query, schema, "deltas", json(), "all"),
  accounts: new Rows(query, schema, "accounts", json(), "all"),
  ledger: new Rows(query, schema, "ledger", json(), "known"),
  sessions: new Rows(query, schema, "sessions", json(), "all"),
  arrivals: new Rows(query, schema, "arrivals", json(), "nothing"),
});
