/** The rows of a result: a list, as postgres.js gives it, or `{ rows }`, as pg does. */
export const rowsOf = (result: unknown): readonly Readonly<Record<string, unknown>>[] => {
  const rows: unknown =
    typeof result === "object" && result !== null && "rows" in result ? result.rows : result;
  return Array.isArray(rows) ? rows.filter((row) => typeof row === "object" && row !== null) : [];
};
