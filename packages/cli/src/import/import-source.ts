import { stat } from "node:fs/promises";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { checkDelimiter } from "./check-header.ts";
import { type RowFormat, readRows } from "./read-rows.ts";
import type { RowMapping } from "./row-mapping.ts";
import type { SourceRow } from "./source-row.ts";

export interface ImportSourceOptions {
  readonly file: string;
  readonly format: RowFormat;
  readonly delimiter: string;
  readonly mapping: RowMapping;
}

/** A file that is read twice and must not change in between. */
export class ImportSource {
  readonly mapping: RowMapping;
  readonly file: string;
  readonly bytes: number;

  readonly #options: ImportSourceOptions;
  readonly #changedAt: number;

  private constructor(options: ImportSourceOptions, bytes: number, changedAt: number) {
    this.#options = options;
    this.mapping = options.mapping;
    this.file = options.file;
    this.bytes = bytes;
    this.#changedAt = changedAt;
  }

  /** @throws if there is no such file, or it cannot be read twice */
  static async open(options: ImportSourceOptions): Promise<ImportSource> {
    const stats = await stat(options.file);
    if (!stats.isFile())
      throw CliError.usage(options.file, "a regular file, because it is read twice", "something else");
    if (stats.size === 0)
      throw new CliError(EXIT.data, `${options.file}: expected rows, found an empty file`);
    return new ImportSource(options, stats.size, stats.mtimeMs);
  }

  rows(onBytes: (bytes: number) => void): AsyncGenerator<SourceRow, void, undefined> {
    const { file, format, delimiter, mapping } = this.#options;
    return readRows({
      file,
      format,
      delimiter,
      onBytes,
      onHeader: (header) => {
        checkDelimiter(file, header, delimiter);
        return mapping.readHeader(file, header);
      },
    });
  }

  /** @throws CliError if the file was written to since it was opened */
  async mustBeUnchanged(): Promise<void> {
    const { size, mtimeMs } = await stat(this.file);
    if (size !== this.bytes || mtimeMs !== this.#changedAt)
      throw new CliError(
        EXIT.data,
        `${this.file}: expected an unchanged file, but it was written to during the import`,
      );
  }
}
