import { Readable } from "node:stream";
import { type CsvError, parse } from "csv-parse";
import type { SourceRow } from "./source-row.ts";

export interface CsvOptions {
  /** One character, or a tab. */
  readonly delimiter: string;
  /** Called with the names of the header, before the first row; throws when they cannot be used. */
  readonly onHeader: (columns: readonly string[]) => void;
}

interface Parsed {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

const LONGEST_RECORD = 1024 * 1024;
const LINE_BREAK = /\r\n|\n|\r/g;

/** The rows of CSV with a header (RFC 4180); empty lines are passed over, a row of another width is told. */
export async function* readCsv(
  text: AsyncIterable<string>,
  { delimiter, onHeader }: CsvOptions,
): AsyncGenerator<SourceRow, void, undefined> {
  let faults: SourceRow[] = [];
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    max_record_size: LONGEST_RECORD,
    skip_empty_lines: true,
    skip_records_with_error: true,
    columns: (header: string[]) => {
      const names = header.map((name) => name.trim());
      onHeader(names);
      return names;
    },
    on_skip: (error) => {
      if (error !== undefined) faults.push(faultOf(error));
      return undefined;
    },
  });
  const source = Readable.from(text, { objectMode: true });
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let before = 1;
  try {
    for await (const parsed of parser) {
      if (faults.length > 0) {
        yield* faults;
        if (faults.some(isLast)) return;
        faults = [];
      }
      const { record, info }: Parsed = parsed;
      // The parser knows where a row ends. It begins as many lines earlier as its cells have line breaks.
      const isLong = info.lines - before > 1;
      before = info.lines;
      yield { line: isLong ? info.lines - breaksIn(record) : info.lines, cells: record };
    }
    yield* faults;
  } finally {
    source.destroy();
    parser.destroy();
  }
}

const isLast = (row: SourceRow): boolean => row.fault !== undefined && row.isLast === true;

const breaksIn = (cells: Readonly<Record<string, string>>): number =>
  Object.values(cells).reduce((sum, cell) => sum + (cell.match(LINE_BREAK)?.length ?? 0), 0);

const faultOf = (error: CsvError): SourceRow => {
  const line = typeof error.lines === "number" ? error.lines : 0;
  const message = error.message.replace(/ (on|at) line \d+/, "");
  // Where a quote is wrong, nobody knows any more what is inside of one.
  return error.code === "CSV_RECORD_INCONSISTENT_COLUMNS"
    ? { line, fault: message }
    : { line, fault: `${message}; nothing after it was read`, isLast: true };
};
