import { Readable } from "node:stream";
import { type CsvError, parse } from "csv-parse";
import type { SourceRow } from "./source-row.ts";

export interface CsvOptions {
  /** One character, or a tab. */
  readonly delimiter: string;
  /**
   * Called with the names in the header, before the first row; throws if they are invalid.
   *
   * @returns the key of each column in a row's cells; undefined to ignore the column
   */
  readonly onHeader: (columns: readonly string[]) => readonly (string | undefined)[];
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly empty_lines: number; readonly records: number };
}

/** Where the parser stopped. */
interface Broken {
  /** Number of complete records. */
  readonly records: number;
  readonly message: string;
}

const LONGEST_RECORD = 1024 * 1024;
const LINE_BREAK = /\r\n|\n|\r/g;

/** Reads the rows of CSV with a header (RFC 4180), with any line endings. Skips empty lines; reports rows of a different width. */
export async function* readCsv(
  text: AsyncIterable<string>,
  { delimiter, onHeader }: CsvOptions,
): AsyncGenerator<SourceRow, void, undefined> {
  const state: { broken: Broken | undefined } = { broken: undefined };
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    max_record_size: LONGEST_RECORD,
    // Per line: files may be concatenated from several programs.
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error !== undefined) state.broken ??= brokenBy(error);
      return undefined;
    },
  });
  const source = Readable.from(text, { objectMode: true });
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let names: readonly (string | undefined)[] | undefined;
  let line = 1;
  let emptyLines = 0;
  try {
    for await (const parsed of parser) {
      const { record, info }: Parsed = parsed;
      if (state.broken !== undefined && info.records > state.broken.records) break;
      line += info.empty_lines - emptyLines;
      emptyLines = info.empty_lines;
      if (names === undefined) names = onHeader(record.map((name) => name.trim()));
      else yield rowOf(record, names, line);
      line += 1 + breaksIn(record);
    }
    // After a wrong quote, it is unknown what is quoted.
    if (state.broken !== undefined)
      yield { line, fault: `${state.broken.message}; the rest was not read`, isLast: true };
    else if (names === undefined)
      yield { line: 1, fault: "expected a header, found an empty file", isLast: true };
  } finally {
    source.destroy();
    parser.destroy();
  }
}

const rowOf = (
  record: readonly string[],
  names: readonly (string | undefined)[],
  line: number,
): SourceRow => {
  if (record.length !== names.length)
    return { line, fault: `expected ${names.length} cells, as in the header, got ${record.length}` };
  const cells: Record<string, string> = {};
  for (const [index, name] of names.entries()) if (name !== undefined) cells[name] = record[index] ?? "";
  return { line, cells };
};

const breaksIn = (record: readonly string[]): number =>
  record.reduce((sum, cell) => sum + (hasBreak(cell) ? (cell.match(LINE_BREAK)?.length ?? 0) : 0), 0);

// Hardly any cell has one.
const hasBreak = (cell: string): boolean => cell.includes("\n") || cell.includes("\r");

const brokenBy = (error: CsvError): Broken => ({
  records: typeof error.records === "number" ? error.records : 0,
  message: error.message.replace(/ (on|at) line \d+/, ""),
});
