/** A row as node:sqlite answers it. */
export type Row = Readonly<Record<string, unknown>>;

const unexpected = (column: string, value: unknown, expected: string): TypeError =>
  new TypeError(`column ${column} is ${value === null ? "null" : typeof value}, expected ${expected}`);

/** A column that holds a number, or does not exist. */
export const readNumber = (row: Row | undefined, column: string): number => {
  const value = row?.[column];
  if (typeof value !== "number") throw unexpected(column, value, "a number");
  return value;
};

export const readText = (row: Row | undefined, column: string): string => {
  const value = row?.[column];
  if (typeof value !== "string") throw unexpected(column, value, "text");
  return value;
};

export const readOptionalNumber = (row: Row, column: string): number | undefined =>
  row[column] === null ? undefined : readNumber(row, column);

export const readOptionalText = (row: Row, column: string): string | undefined =>
  row[column] === null ? undefined : readText(row, column);
