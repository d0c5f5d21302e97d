import { describeIssue, describeValue, type EventIssue } from "@meter-lib/core";
import { CliError } from "../cli-error.ts";
import { MOMENT_EXPECTED, parseMoment } from "../flags/moment.ts";
import type { ImportEvent } from "./import-event.ts";

export interface RowMappingOptions {
  /** Column by field. */
  readonly columns: Readonly<Record<string, string>>;
  /** What a field is in every row. */
  readonly constants: Readonly<Record<string, string>>;
  /** Leave columns alone that are no field. */
  readonly ignoreOthers: boolean;
  /** What a time is that is only digits. */
  readonly timeUnit: "ms" | "s";
}

/** The event of a row, or what is wrong with it, in words. */
export type MappedRow =
  | { readonly event: ImportEvent; readonly faults?: undefined }
  | { readonly faults: readonly string[] };

const TEXTS = ["meter_id", "tenant_id", "device_id", "event_id", "session_id"] as const;
const TIMES = ["event_time", "start_time", "end_time"] as const;
const FIELDS: readonly string[] = [...TEXTS, ...TIMES, "total_usage", "metadata"];
const METADATA = "metadata.";
const NUMBER = /^-?\d{1,17}(\.\d+)?$/;

const isField = (name: string): boolean =>
  FIELDS.includes(name) || (name.startsWith(METADATA) && name.length > METADATA.length);

type Text = (typeof TEXTS)[number];
type Time = (typeof TIMES)[number];

/** Makes events of rows: which column is which field, what is the same in all rows. */
export class RowMapping {
  readonly #fields = new Map<string, string>();
  readonly #options: RowMappingOptions;

  /** @throws CliError for a field that is none, or has two sources */
  constructor(options: RowMappingOptions) {
    this.#options = options;
    const { columns, constants } = options;
    for (const field of [...Object.keys(columns), ...Object.keys(constants)]) {
      const flag = Object.hasOwn(columns, field) ? "--map" : "--set";
      if (!isField(field) || field === "metadata")
        throw CliError.usage(flag, `one of ${fieldList()}`, JSON.stringify(field));
      if (Object.hasOwn(columns, field) && Object.hasOwn(constants, field))
        throw CliError.usage("--set", `${field} in --map or --set`, "it in both");
    }
    for (const [field, column] of Object.entries(columns)) {
      const other = this.#fields.get(column);
      if (other !== undefined)
        throw CliError.usage(
          "--map",
          `column ${JSON.stringify(column)} once`,
          `it for ${other} and ${field}`,
        );
      this.#fields.set(column, field);
    }
  }

  /** @throws CliError when a header lacks a column, or has one that means nothing */
  checkHeader(header: readonly string[]): void {
    const all = header.map((name) => JSON.stringify(name)).join(", ");
    const twice = header.find((name, index) => header.indexOf(name) !== index);
    if (twice !== undefined)
      throw CliError.usage("FILE", `column ${JSON.stringify(twice)} once in the header`, "it twice");
    for (const [column, field] of this.#fields) {
      if (!header.includes(column))
        throw CliError.usage("--map", `${field} from one of the columns ${all}`, JSON.stringify(column));
    }
    if (this.#options.ignoreOthers) return;
    const unknown = header.filter((column) => this.#fieldOf(column) === undefined);
    if (unknown.length > 0) {
      throw CliError.usage(
        "FILE",
        "columns that are fields",
        `${unknown.map((name) => JSON.stringify(name)).join(", ")}: name their fields with --map field=column, or pass over them with --ignore-other-columns`,
      );
    }
  }

  map(cells: Readonly<Record<string, unknown>>): MappedRow {
    const values: Record<string, unknown> = { ...this.#options.constants };
    const faults: string[] = [];
    for (const column of Object.keys(cells)) {
      const cell = cells[column];
      // An empty cell is no cell.
      if (cell === "" || cell === null || cell === undefined) continue;
      const field = this.#fieldOf(column);
      if (field !== undefined) values[field] = cell;
      else if (!this.#options.ignoreOthers)
        faults.push(`${JSON.stringify(column)}: expected one of ${fieldList()}`);
    }
    const issues: EventIssue[] = [];
    const event = this.#event(values, issues);
    faults.push(...issues.map((issue) => this.describe(issue)));
    return faults.length > 0 ? { faults } : { event };
  }

  /** The issue as one sentence that names the column. */
  describe(issue: EventIssue): string {
    const column = this.#options.columns[issue.field];
    const isConstant = Object.hasOwn(this.#options.constants, issue.field);
    const field = column === undefined ? issue.field : `${JSON.stringify(column)} (${issue.field})`;
    return describeIssue({ ...issue, field: isConstant ? `--set ${field}` : field });
  }

  #fieldOf(column: string): string | undefined {
    const field = this.#fields.get(column);
    if (field !== undefined) return field;
    // A field that --map takes from elsewhere is not also taken from the column of its name.
    const isFree =
      !Object.hasOwn(this.#options.columns, column) && !Object.hasOwn(this.#options.constants, column);
    return isFree && isField(column) ? column : undefined;
  }

  #event(values: Readonly<Record<string, unknown>>, issues: EventIssue[]): ImportEvent {
    const expect = (field: string, expected: string) =>
      issues.push({
        field,
        given: values[field] === undefined ? "nothing" : describeValue(values[field]),
        expected,
      });
    const text = (field: Text): string | undefined => {
      const value = values[field];
      if (value === undefined || typeof value === "string") return value;
      expect(field, "text");
      return undefined;
    };
    const time = (field: Time): number | undefined => {
      const value = values[field];
      if (value === undefined) return undefined;
      const moment = typeof value === "string" ? parseMoment(value) : value;
      const isDigits = typeof value === "number" || /^\d+$/.test(String(value));
      if (typeof moment === "number")
        return isDigits && this.#options.timeUnit === "s" ? moment * 1000 : moment;
      expect(field, MOMENT_EXPECTED);
      return undefined;
    };
    const { total_usage: usage } = values;
    const total_usage = typeof usage === "string" && NUMBER.test(usage) ? Number(usage) : usage;
    if (total_usage !== undefined && typeof total_usage !== "number")
      expect("total_usage", "an integer from 0 to 2^53 − 1");
    const start_time = time("start_time");
    const end_time = time("end_time");
    const given = time("event_time");
    const event_time = given ?? end_time ?? start_time;
    if (event_time === undefined && values.event_time === undefined)
      expect("event_time", "when it was used (a column, or --set event_time=…)");
    const meter_id = text("meter_id");
    const tenant_id = text("tenant_id");
    const device_id = text("device_id");
    for (const [field, value] of Object.entries({ meter_id, tenant_id, device_id }))
      if (value === undefined && values[field] === undefined)
        expect(field, `text (a column, --map ${field}=column, or --set ${field}=…)`);
    return {
      meter_id: meter_id ?? "",
      tenant_id: tenant_id ?? "",
      device_id: device_id ?? "",
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

const fieldList = (): string =>
  [...FIELDS.filter((field) => field !== "metadata"), `${METADATA}…`].join(", ");

const metadataOf = (
  values: Readonly<Record<string, unknown>>,
  issues: EventIssue[],
): Readonly<Record<string, string>> | undefined => {
  const entries: [string, string][] = [];
  const add = (name: string, value: unknown) => {
    if (typeof value === "string") entries.push([name, value]);
    else issues.push({ field: METADATA + name, given: describeValue(value), expected: "text" });
  };
  for (const field of Object.keys(values))
    if (field.startsWith(METADATA)) add(field.slice(METADATA.length), values[field]);
  const { metadata } = values;
  if (metadata !== undefined && typeof metadata === "object" && metadata !== null && !Array.isArray(metadata))
    for (const [name, value] of Object.entries(metadata)) add(name, value);
  else if (metadata !== undefined)
    issues.push({ field: "metadata", given: describeValue(metadata), expected: "an object of texts" });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
};
