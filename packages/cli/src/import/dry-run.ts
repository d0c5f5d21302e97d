import type { OutboxView } from "@meter-lib/outbox-sqlite";
import { conflictText } from "../errors/conflict-text.ts";
import { EXIT } from "../errors/exit-code.ts";
import { bad, type Line } from "../terminal/line.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";
import { table } from "../terminal/table.ts";
import { FaultList, type FileCheck, type LineFault } from "./check-file.ts";
import type { ImportSource } from "./import-source.ts";
import { identified } from "./row-id.ts";

export interface DryRunOptions {
  /** The outbox of earlier runs; undefined if there is none. */
  readonly outbox: OutboxView | undefined;
  readonly idSource: string;
  readonly maxFaults: number;
  readonly signal: AbortSignal;
  readonly onRows: (rows: number) => void;
}

/** What recording a file would come to. */
export interface DryRun {
  readonly file: string;
  readonly rows: number;
  readonly tenants: number;
  /** First and last time; null without rows. */
  readonly from: number | null;
  readonly to: number | null;
  readonly new: number;
  /** In the outbox from an earlier run, or the same as another row in the file. */
  readonly known: number;
  readonly refused: number;
  readonly faults: readonly LineFault[];
}

const CHUNK = 2_000;

/** Compares every row of a checked file with the outbox, and changes nothing. */
export const dryRun = async (
  source: ImportSource,
  { rows, tenants, repeats, conflicts, from, to }: FileCheck,
  { outbox, idSource, maxFaults, signal, onRows }: DryRunOptions,
): Promise<DryRun> => {
  const faults = new FaultList(maxFaults);
  let [seen, known] = [0, 0];
  let chunk: { readonly event: ReturnType<typeof identified>; readonly line: number }[] = [];

  const compare = async (): Promise<void> => {
    const found = await outbox?.recognize(chunk.map(({ event }) => event));
    chunk.forEach(({ event, line }, index) => {
      if (found?.[index] === "conflict") faults.add(line, conflictText(event));
      else if (found?.[index] === "repeat" || conflicts.isRepeat(event, line)) known++;
    });
    seen += chunk.length;
    chunk = [];
    onRows(seen);
  };

  for await (const row of source.rows(() => {})) {
    signal.throwIfAborted();
    if (row.fault !== undefined) break;
    const { event } = source.mapping.map(row.cells);
    chunk.push({ event: identified(event, repeats, idSource), line: row.line });
    if (chunk.length === CHUNK) await compare();
  }
  await compare();
  return {
    file: source.file,
    rows,
    tenants: tenants.size,
    from: rows === 0 ? null : from,
    to: rows === 0 ? null : to,
    new: rows - known - faults.count,
    known,
    refused: faults.count,
    faults: faults.first,
  };
};

export const dryRunReport = (run: DryRun): Report => {
  const { file, rows, tenants, from, to, known, refused, faults } = run;
  const times =
    from === null || to === null
      ? ""
      : `, from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
  const lines: readonly Line[] = [
    ...faults.map(({ line, message }): Line => [`${file}:${line}: `, bad(message)]),
    `${file}: ${quantity(rows, "good row")} of ${quantity(tenants, "tenant")}${times}. Nothing was recorded.`,
    "",
    ...table(
      ["a run would record", ""],
      [
        ["new rows", run.new],
        ["already known", known],
        ...(refused > 0 ? [["refused", refused] as const] : []),
      ],
    ),
  ];
  return { exit: refused > 0 ? EXIT.data : EXIT.done, lines, data: run };
};
