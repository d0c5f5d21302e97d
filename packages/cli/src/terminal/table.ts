import { printable } from "./printable.ts";

/** Rows as columns of equal width, two blanks between them; numbers to the right. A header of capitals stays on top. */
export const table = (
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] => {
  const cells = rows.map((row) => row.map(cellText));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const isNumber = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === "number"),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, column) =>
        isNumber[column] ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [line(header), ...cells.map(line)];
};

const cellText = (cell: string | number): string =>
  typeof cell === "number" ? formatNumber(cell) : printable(cell);

/** With commas between thousands, whatever the machine's language. */
export const formatNumber = (value: number): string => value.toLocaleString("en-US");
