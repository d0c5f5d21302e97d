import { extname } from "node:path";
import { CliError } from "../errors/cli-error.ts";
import { readText } from "../terminal/read-text.ts";
import { type CsvOptions, readCsv } from "./read-csv.ts";
import { readNdjson } from "./read-ndjson.ts";
import type { SourceRow } from "./source-row.ts";

export type RowFormat = "csv" | "ndjson";

export interface ReadRowsOptions {
  readonly file: string;
  readonly format: RowFormat;
  readonly delimiter: string;
  readonly onHeader: CsvOptions["onHeader"];
  /** Called with the bytes read so far. */
  readonly onBytes?: (bytes: number) => void;
}

const FORMATS: Readonly<Record<string, RowFormat>> = {
  ".csv": "csv",
  ".tsv": "csv",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
};

/** Derives the format from the file extension. */
export const formatOf = (file: string): RowFormat => {
  const format = FORMATS[extname(file).toLowerCase()];
  if (format === undefined)
    throw CliError.usage("--format", "csv or ndjson, because the file extension is neither", "nothing");
  return format;
};

/** Reads the rows of a file one after the other, whatever its size. */
export const readRows = (options: ReadRowsOptions): AsyncGenerator<SourceRow, void, undefined> => {
  const text = readText(options.file, options.onBytes);
  return options.format === "csv" ? readCsv(text, options) : readNdjson(text);
};
