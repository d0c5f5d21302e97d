import type { KeyRange } from "./store.ts";

/** Rows by key. The order is computed when it is needed, and then kept. */
export class OrderedTable<Value> {
  readonly #rows = new Map<string, Value>();
  #keys: string[] | undefined;
  /** Where the keys start: most rows are removed in order of insertion. */
  #head = 0;
  /** Keys after the head whose rows are gone. */
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

/** The index of a key, or where it would be inserted, from `start` on. */
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
