import type { Machine } from "./machine.ts";
import type { Report, Row } from "./report.ts";

const machineLine = ({ cpu, cores, memoryGiB, system, node, date, load }: Machine): string =>
  `${date} UTC, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, load before ${load}`;

export const printReport = ({ tables, notes = [] }: Report, machine: Machine): void => {
  for (const { title, rows } of tables) {
    if (title !== undefined) console.log(title);
    console.table(rows);
  }
  for (const note of notes) console.log(note);
  console.log(machineLine(machine));
};

/** The report as it stands in a document: with the command and the machine, as no figure means anything without them. */
export const markdownOf = ({ tables, notes = [] }: Report, command: string, machine: Machine): string =>
  [
    `\`${command}\`, ${machineLine(machine)}.`,
    ...tables.map(({ title, rows }) =>
      [...(title === undefined ? [] : [title, ""]), ...tableOf(rows)].join("\n"),
    ),
    ...notes,
  ].join("\n\n");

const tableOf = (rows: readonly Row[]): readonly string[] => {
  const columns = Object.keys(rows[0] ?? {});
  const isNumber = (column: string) =>
    rows.every((row) => /^([\d.,–×~-]+|)$/.test(String(row[column] ?? "")));
  return [
    line(columns),
    line(columns.map((column) => (isNumber(column) ? "---:" : "---"))),
    ...rows.map((row) => line(columns.map((column) => grouped(row[column] ?? "")))),
  ];
};

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const grouped = (cell: string | number): string =>
  typeof cell === "number" ? cell.toLocaleString("en-US") : cell;
