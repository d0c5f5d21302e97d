import type { EventIssue } from "@meter-lib/core";
import { describeIssue, describeValue } from "@meter-lib/core/transport";
import { CliError } from "../errors/cli-error.ts";
import { readTime, type TimeForm } from "../time/read-time.ts";
import { checkHeader } from "./check-header.ts";
import { FIELDS, isField, METADATA, type TextField, type TimeField } from "./event-fields.ts";
import type { ImportEvent } from "./import-event.ts";

export interface RowMappingOptions {
  /** Column by field. A column of NDJSON may be a path: `data.total_usage`. */
  readonly columns: Readonly<Record<string, string>>;
  /** Constant values of fields. */
  readonly constants: Readonly<Record<string, string>>;
  /** Columns to ignore, even if they are named like a field. */
  readonly ignored: readonly string[];
  /** Whether to ignore columns that are not fields. */
  readonly ignoreOthers: boolean;
  readonly times: TimeForm;
}

/** The event of a row. Complete only if there are no mistakes. */
export interface MappedRow {
  readonly event: ImportEvent;
  /** What is wrong with its fields. */
  readonly issues: readonly EventIssue[];
  /** Descriptions of what is wrong with its columns. */
  readonly faults: readonly string[];
}

type Cells = Readonly<Record<string, unknown>>;

const NUMBER = /^-?\d{1,17}(\.\d+)?$/;

/** Converts rows to events: which column is which field, and which fields are constant. */
export class RowMapping {
  readonly #fields = new Map<string, string>();
  readonly #ignored: ReadonlySet<string>;
  readonly #options: RowMappingOptions;
  readonly #seen = new Set<string>();

  /** @throws CliError for an unknown field, or a field with two sources */
  constructor(options: RowMappingOptions) {
    this.#options = options;
    this.#ignored = new Set(options.ignored);
    const { columns, constants } = options;
    for (const field of [...Object.keys(columns), ...Object.keys(constants)]) {
      const flag = Object.hasOwn(columns, field) ? "--map" : "--set";
      if (!isField(field) || field === "metadata")
        throw CliError.usage(flag, `one of ${fieldList()}`, JSON.stringify(field));
      if (Object.hasOwn(columns, field) && Object.hasOwn(constants, field))
        throw CliError.usage("--set", `${field} in either --map or --set`, "it in both");
    }
    for (const [field, column] of Object.entries(columns)) {
      const other = this.#fields.get(column);
      if (other !== undefined)
        throw CliError.usage(
          "--map",
          `column ${JSON.stringify(column)} once`,
          `it for ${other} and ${field}`,
        );
      if (this.#ignored.has(column))
        throw CliError.usage("--ignore", `a column that --map does not use`, JSON.stringify(column));
      this.#fields.set(column, field);
    }
  }

  /**
   * Returns the key of each column in a row's cells; undefined to ignore the column.
   *
   * @throws CliError if the header lacks a column, has an unknown one, or one that is used twice
   */
  readHeader(file: string, header: readonly string[]): readonly (string | undefined)[] {
    const { ignoreOthers } = this.#options;
    const isUsed = (column: string) => this.#fieldOf(column) !== undefined;
    checkHeader(file, header, { mapped: this.#fields, ignored: this.#ignored, ignoreOthers, isUsed });
    return header.map((column) => (isUsed(column) ? column : undefined));
  }

  map(cells: Cells): MappedRow {
    const values: Record<string, unknown> = { ...this.#options.constants };
    const faults: string[] = [];
    for (const [column, field] of this.#fields) {
      const cell = cellAt(cells, column);
      if (cell !== undefined) this.#seen.add(column);
      if (!isEmpty(cell)) values[field] = cell;
    }
    this.#takeOthers(cells, "", values, faults);
    const issues: EventIssue[] = [];
    return { event: this.#event(values, issues), issues, faults };
  }

  /** @throws CliError if no row had a mapped column */
  mustBeSeen(): void {
    for (const [column, field] of this.#fields) {
      if (!this.#seen.has(column))
        throw CliError.usage(
          "--map",
          `${field} from a column that at least one row has`,
          JSON.stringify(column),
        );
    }
  }

  /** Formats the issue as one sentence that names the column. */
  describe(issue: EventIssue): string {
    const { columns, constants } = this.#options;
    const column = columns[issue.field];
    const isConstant = Object.hasOwn(constants, issue.field);
    const field = column === undefined ? issue.field : `${JSON.stringify(column)} (${issue.field})`;
    const words = describeIssue({ ...issue, field: isConstant ? `--set ${field}` : field });
    const canIgnore = column === undefined && !isConstant && isForeign(issue);
    return canIgnore ? `${words} (use --ignore ${issue.field} to ignore the column)` : words;
  }

  /** Columns that are named like a field. In nested objects of NDJSON, only mapped paths count. */
  #takeOthers(cells: Cells, prefix: string, values: Record<string, unknown>, faults: string[]): void {
    for (const key of Object.keys(cells)) {
      const path = prefix + key;
      const cell = cells[key];
      // An empty cell counts as missing.
      if (isEmpty(cell) || this.#fields.has(path) || this.#ignored.has(path)) continue;
      const field = prefix === "" ? this.#fieldOf(path) : undefined;
      if (field !== undefined) values[field] = cell;
      else if (isRecord(cell) && this.#leadsOn(path)) this.#takeOthers(cell, `${path}.`, values, faults);
      else if (!this.#options.ignoreOthers)
        faults.push(`${JSON.stringify(path)}: expected one of ${fieldList()}`);
    }
  }

  #leadsOn(path: string): boolean {
    return [...this.#fields.keys(), ...this.#ignored].some((column) => column.startsWith(`${path}.`));
  }

  #fieldOf(column: string): string | undefined {
    const field = this.#fields.get(column);
    if (field !== undefined) return field;
    // A field mapped from another column is not read from the column of its own name.
    const { columns, constants } = this.#options;
    const isFree =
      !this.#ignored.has(column) && !Object.hasOwn(columns, column) && !Object.hasOwn(constants, column);
    return isFree && isField(column) ? column : undefined;
  }

  #event(values: Cells, issues: EventIssue[]): ImportEvent {
    const expect = (field: string, expected: string) =>
      issues.push({
        field,
        given: values[field] === undefined ? "nothing" : describeValue(values[field]),
        expected,
      });
    const text = (field: TextField): string | undefined => {
      const value = values[field];
      const found = textOf(value);
      if (value !== undefined && found === undefined) expect(field, TEXT);
      return found;
    };
    const required = (field: TextField): string => {
      if (values[field] === undefined)
        expect(field, `text (a column, --map ${field}=column, or --set ${field}=…)`);
      return text(field) ?? "";
    };
    const time = (field: TimeField): number | undefined => {
      const value = values[field];
      if (value === undefined) return undefined;
      const { time: found, expected } = readTime(String(value), this.#options.times);
      if (found === undefined) expect(field, expected);
      // Report an invalid time once: 0 compares correctly with anything.
      return found ?? 0;
    };
    const meter_id = required("meter_id");
    const tenant_id = required("tenant_id");
    const device_id = required("device_id");
    const { total_usage: usage } = values;
    const total_usage = typeof usage === "string" && NUMBER.test(usage) ? Number(usage) : usage;
    if (total_usage !== undefined && typeof total_usage !== "number")
      expect("total_usage", "an integer from 0 to 2^53 − 1");
    const start_time = time("start_time");
    const end_time = time("end_time");
    const event_time = time("event_time") ?? end_time ?? start_time;
    if (event_time === undefined) expect("event_time", "the time of use (a column, or --set event_time=…)");
    return {
      meter_id,
      tenant_id,
      device_id,
      event_time: event_time ?? 0,
      total_usage: typeof total_usage === "number" ? total_usage : undefined,
      start_time,
      end_time,
      event_id: text("event_id"),
      session_id: text("session_id"),
      metadata: metadataOf(values, issues),
    };
  }
}

/** Whether the field does not belong to the type of the meter. */
export const isForeign = ({ expected }: EventIssue): boolean => expected.startsWith("no value");

const TEXT = "text, or a safe integer";

/** Ids are numbers in many databases. An integer has exactly one text form; other numbers do not (1.10 is 1.1). */
const textOf = (value: unknown): string | undefined => {
  if (typeof value === "string") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
};

const isEmpty = (cell: unknown): boolean => cell === "" || cell === null || cell === undefined;

const isRecord = (value: unknown): value is Cells =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns the value of a name, or of a path of names separated by dots. */
const cellAt = (cells: Cells, path: string): unknown => {
  if (Object.hasOwn(cells, path)) return cells[path];
  for (let dot = path.indexOf("."); dot > 0; dot = path.indexOf(".", dot + 1)) {
    const inner = Object.hasOwn(cells, path.slice(0, dot)) ? cells[path.slice(0, dot)] : undefined;
    const found = isRecord(inner) ? cellAt(inner, path.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
};

const fieldList = (): string =>
  [...FIELDS.filter((field) => field !== "metadata"), `${METADATA}…`].join(", ");

const metadataOf = (values: Cells, issues: EventIssue[]): Readonly<Record<string, string>> | undefined => {
  const entries: [string, string][] = [];
  const add = (name: string, value: unknown) => {
    const text = textOf(value);
    if (text !== undefined) entries.push([name, text]);
    else issues.push({ field: METADATA + name, given: describeValue(value), expected: TEXT });
  };
  for (const field of Object.keys(values))
    if (field.startsWith(METADATA)) add(field.slice(METADATA.length), values[field]);
  const { metadata } = values;
  if (isRecord(metadata)) for (const [name, value] of Object.entries(metadata)) add(name, value);
  else if (metadata !== undefined)
    issues.push({ field: "metadata", given: describeValue(metadata), expected: "an object of texts" });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
};
