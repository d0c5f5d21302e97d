import type { SQLOutputValue } from "node:sqlite";

/** A row as `node:sqlite` answers it. */
export type Row = Record<string, SQLOutputValue>;

/** A column that holds a number; throws when the schema says otherwise. */
export const numberIn = (row: Row, column: string): number => {
  const value = row[column];
  if (typeof value !== "number")
    throw new TypeError(`Column ${column}: expected a number, got ${typeof value}`);
  return value;
};

/** A column that holds text; throws when the schema says otherwise. */
export const textIn = (row: Row, column: string): string => {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`Column ${column}: expected text, got ${typeof value}`);
  return value;
};

/** A column that may be NULL: a number or null. */
export const numberOrNullIn = (row: Row, column: string): number | null =>
  row[column] === null ? null : numberIn(row, column);

/** A column that may be NULL: text or null. */
export const textOrNullIn = (row: Row, column: string): string | null =>
  row[column] === null ? null : textIn(row, column);
