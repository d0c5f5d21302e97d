/** A map with room for so many entries; the one not used for the longest goes first. */
export class LruMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    // A Map keeps the order of insertion.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.#room && !oldest.done) this.#entries.delete(oldest.value);
  }
}
