import type { Machine } from "./machine.ts";
import type { Report, Row } from "./report.ts";

/**
 * The report as Markdown that reads well in a terminal, too: with the command and the machine, as no figure means anything
 * without them.
 */
export const reportText = ({ tables, notes = [] }: Report, command: string, machine: Machine): string =>
  [
    `\`${command}\`, ${machineText(machine)}.`,
    ...tables.map(({ title, rows }) => `${title === undefined ? "" : `${title}:\n\n`}${tableText(rows)}`),
    ...notes,
  ].join("\n\n");

const machineText = ({ cpu, cores, memoryGiB, system, node, date, load }: Machine): string =>
  `${date} UTC, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, load before it ${load}`;

const tableText = (rows: readonly Row[]): string => {
  const columns = Object.keys(rows[0] ?? {}).map((heading) => {
    const cells = rows.map((row) => cellText(row[heading] ?? ""));
    const isNumeric =
      cells.some((cell) => cell !== "") && cells.every((cell) => /^[\d.,–-]*( %)?$/.test(cell));
    const width = Math.max(4, heading.length, ...cells.map((cell) => cell.length));
    const fit = (text: string) => (isNumeric ? text.padStart(width) : text.padEnd(width));
    return [
      fit(heading),
      isNumeric ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
      ...cells.map((cell) => fit(cell)),
    ];
  });
  const lines =
    columns[0]?.map((_, line) => `| ${columns.map((column) => column[line]).join(" | ")} |`) ?? [];
  return lines.join("\n");
};

const cellText = (cell: string | number): string =>
  typeof cell === "number" ? cell.toLocaleString("en-US") : cell;
