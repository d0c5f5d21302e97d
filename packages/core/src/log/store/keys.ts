import type { KeyRange } from "./store.ts";

// Keys of the tables: ASCII text whose code order is the intended order.

const DIGITS = 16;

/** Formats a number ≥ 0 so that the text sorts like the number. */
export const padded = (value: number): string =>
  Math.max(0, Math.floor(value)).toString().padStart(DIGITS, "0");

/** What encoding leaves as it is. */
const PLAIN = /^[\w.!~*'()-]*$/;

/** Encodes a name as part of a key: without slashes, which separate parts. */
export const part = (name: string): string => (PLAIN.test(name) ? name : encodeURIComponent(name));

/** Decodes the name from part of a key. */
export const nameOf = (encoded: string): string => decodeURIComponent(encoded);

/** The range of all keys that begin with `prefix/`. */
export const under = (prefix: string, options: Omit<KeyRange, "from" | "before"> = {}): KeyRange => ({
  ...options,
  from: `${prefix}/`,
  before: `${prefix}0`,
});
