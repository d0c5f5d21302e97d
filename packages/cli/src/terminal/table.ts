import { printable } from "./printable.ts";

/** Formats rows as columns, separated by two blanks; numbers are right-aligned. A header in capitals stays on top. */
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

/** Formats a number with commas between thousands, whatever the locale. */
export const formatNumber = (value: number): string => value.toLocaleString("en-US");
