import type { KeyRange } from "./store.ts";

// Keys of the tables: ASCII text whose order by code is the order that is meant.

const DIGITS = 16;

/** A number ≥ 0 as text that sorts as it does. */
export const padded = (value: number): string =>
  Math.max(0, Math.floor(value)).toString().padStart(DIGITS, "0");

/** A name as a part of a key: without the slash that parts are joined by. */
export const part = (name: string): string => encodeURIComponent(name);

/** The name that a part of a key stands for. */
export const nameOf = (encoded: string): string => decodeURIComponent(encoded);

/** All keys that begin with `prefix/`. */
export const under = (prefix: string, options: Omit<KeyRange, "from" | "before"> = {}): KeyRange => ({
  ...options,
  from: `${prefix}/`,
  before: `${prefix}0`,
});
