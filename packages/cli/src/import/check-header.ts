import { CliError } from "../errors/cli-error.ts";

export interface HeaderUse {
  /** Field by column. */
  readonly mapped: ReadonlyMap<string, string>;
  readonly ignored: ReadonlySet<string>;
  readonly ignoreOthers: boolean;
  readonly isUsed: (column: string) => boolean;
}

const MAX_SHOWN = 20;

/** @throws CliError if a header lacks a column, has an unknown one, or one that is used twice */
export const checkHeader = (
  file: string,
  header: readonly string[],
  { mapped, ignored, ignoreOthers, isUsed }: HeaderUse,
): void => {
  const columns = new Set(header);
  const needed = [
    ...[...mapped].map(([column, field]) => ["--map", column, `${field} from one`] as const),
    ...[...ignored].map((column) => ["--ignore", column, "one"] as const),
  ];
  for (const [flag, column, words] of needed) {
    if (!columns.has(column))
      throw CliError.usage(flag, `${words} among the columns ${shown(header)}`, JSON.stringify(column));
  }
  const seen = new Set<string>();
  for (const column of header) {
    if (!isUsed(column)) continue;
    if (seen.has(column)) throw CliError.usage(file, `column ${JSON.stringify(column)} once`, "it twice");
    seen.add(column);
  }
  const others = header.filter((column) => !isUsed(column) && !ignored.has(column));
  if (!ignoreOthers && others.length > 0) {
    throw CliError.usage(
      file,
      "only columns that are fields",
      `${shown(others)}: name their fields with --map field=column, or ignore them with --ignore column or --ignore-other-columns`,
    );
  }
};

const DELIMITERS = [",", ";", "\t", "|"];

/** @throws CliError if a header seems to use another delimiter */
export const checkDelimiter = (file: string, header: readonly string[], delimiter: string): void => {
  const [only = ""] = header;
  if (header.length > 1) return;
  const likely = DELIMITERS.find((other) => other !== delimiter && only.includes(other));
  if (likely !== undefined)
    throw CliError.usage(
      "--delimiter",
      `the delimiter of ${file}`,
      `${name(delimiter)}; it looks like ${name(likely)}`,
    );
};

const name = (delimiter: string): string => (delimiter === "\t" ? "tab" : JSON.stringify(delimiter));

const shown = (columns: readonly string[]): string => {
  const more = columns.length > MAX_SHOWN ? ` and ${columns.length - MAX_SHOWN} more` : "";
  return (
    columns
      .slice(0, MAX_SHOWN)
      .map((column) => JSON.stringify(column))
      .join(", ") + more
  );
};
