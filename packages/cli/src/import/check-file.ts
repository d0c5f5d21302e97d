import type { MeterError } from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";
import { IdConflicts } from "./id-conflicts.ts";
import type { ImportEvent } from "./import-event.ts";
import type { ImportSource } from "./import-source.ts";
import { RepeatCounter } from "./repeat-counter.ts";
import { rowMark } from "./row-id.ts";
import { isForeign, type RowMapping } from "./row-mapping.ts";
import type { SourceRow } from "./source-row.ts";

export interface CheckFileOptions {
  /** Returns the error with which a client would refuse the event. */
  readonly check: (event: ImportEvent) => MeterError | undefined;
  readonly idSource: string;
  readonly maxFaults: number;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/** An invalid line. */
export interface LineFault {
  readonly line: number;
  readonly message: string;
}

export interface FileCheck {
  readonly rows: number;
  /** The first invalid lines. */
  readonly faults: readonly LineFault[];
  /** The total number of invalid lines. */
  readonly wrongLines: number;
  /** Every tenant, with the first line that names it. */
  readonly tenants: ReadonlyMap<string, number>;
  readonly repeats: RepeatCounter;
  /** Its ids, after both passes. */
  readonly conflicts: IdConflicts;
  /** First and last time, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** Reads the whole file and finds all mistakes before anything is recorded. */
export const checkFile = async (source: ImportSource, options: CheckFileOptions): Promise<FileCheck> => {
  const { idSource, signal, onBytes } = options;
  const faults = new FaultList(options.maxFaults);
  const tenants = new Map<string, number>();
  const repeats = new RepeatCounter(source.bytes);
  const conflicts = new IdConflicts(source.bytes);
  let rows = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;

  for await (const row of source.rows(onBytes)) {
    signal.throwIfAborted();
    rows++;
    const judged = judge(row, source.mapping, options);
    if (isFaults(judged)) {
      faults.add(row.line, judged.join("; "));
      continue;
    }
    if (!tenants.has(judged.tenant_id)) tenants.set(judged.tenant_id, row.line);
    if (judged.event_id === undefined) repeats.see(rowMark(judged, idSource));
    else conflicts.see(judged);
    from = Math.min(from, judged.event_time);
    to = Math.max(to, judged.event_time);
  }
  if (rows > 0) source.mapping.mustBeSeen();
  if (faults.count === 0 && conflicts.mayBe) await findConflicts(source, conflicts, faults, options);
  return {
    rows,
    faults: faults.first,
    wrongLines: faults.count,
    tenants,
    repeats,
    conflicts,
    from,
    to,
  };
};

/** Returns the event of a row, or everything that is wrong with it. */
const judge = (
  row: SourceRow,
  mapping: RowMapping,
  { check }: CheckFileOptions,
): ImportEvent | readonly string[] => {
  if (row.fault !== undefined) return [row.fault];
  const { event, issues, faults } = mapping.map(row.cells);
  const checked = check(event)?.issues ?? [];
  // Report each field once: as misplaced, or else what is wrong with it.
  const foreign = new Set(checked.filter(isForeign).map(({ field }) => field));
  const given = new Map(issues.map((issue) => [issue.field, issue.given]));
  const own = issues.filter(({ field }) => !foreign.has(field));
  const others = checked
    .filter(({ field }) => foreign.has(field) || !given.has(field))
    .map((issue) => ({ ...issue, given: given.get(issue.field) ?? issue.given }));
  const all = [...faults, ...[...own, ...others].map((issue) => mapping.describe(issue))];
  return all.length === 0 ? event : all;
};

const isFaults = (judged: ImportEvent | readonly string[]): judged is readonly string[] =>
  Array.isArray(judged);

const findConflicts = async (
  source: ImportSource,
  conflicts: IdConflicts,
  faults: FaultList,
  { signal, onBytes }: CheckFileOptions,
): Promise<void> => {
  for await (const row of source.rows(onBytes)) {
    signal.throwIfAborted();
    if (row.fault !== undefined) continue;
    const { event } = source.mapping.map(row.cells);
    const first = conflicts.firstUse(event, row.line);
    if (first === undefined) continue;
    const given = `${describeValue(event.event_id)}, which line ${first} has with different content`;
    faults.add(row.line, source.mapping.describe({ field: "event_id", given, expected: "a unique id" }));
  }
};

/** The first mistakes, and their number. */
export class FaultList {
  readonly first: LineFault[] = [];
  count = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(line: number, message: string): void {
    this.count++;
    if (this.first.length < this.#most) this.first.push({ line, message });
  }
}
