import type { MeterError } from "@meter-lib/core";
import type { ImportEvent } from "./import-event.ts";
import type { ImportSource } from "./import-source.ts";
import { RepeatCounter } from "./repeat-counter.ts";
import { rowMark } from "./row-id.ts";
import type { SourceRow } from "./source-row.ts";

export interface CheckFileOptions {
  /** What a client would refuse the event for. */
  readonly check: (event: ImportEvent) => MeterError | undefined;
  readonly idSource: string;
  readonly maxFaults: number;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/** A line that is wrong. */
export interface LineFault {
  readonly line: number;
  readonly message: string;
}

export interface FileCheck {
  readonly rows: number;
  /** The first ones, by line. */
  readonly faults: readonly LineFault[];
  /** How many lines are wrong in all. */
  readonly wrongLines: number;
  /** Every tenant, and the first line that names it. */
  readonly tenants: ReadonlyMap<string, number>;
  readonly repeats: RepeatCounter;
  /** First and last time, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** Reads the whole file and finds all that is wrong with it, before anything is recorded. */
export const checkFile = async (source: ImportSource, options: CheckFileOptions): Promise<FileCheck> => {
  const { check, idSource, maxFaults, signal, onBytes } = options;
  const faults: LineFault[] = [];
  const tenants = new Map<string, number>();
  const repeats = new RepeatCounter(source.bytes);
  let rows = 0;
  let wrongLines = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;

  const judge = (row: SourceRow): ImportEvent | readonly string[] => {
    if (row.fault !== undefined) return [row.fault];
    const mapped = source.mapping.map(row.cells);
    if (mapped.faults !== undefined) return mapped.faults;
    const error = check(mapped.event);
    return error === undefined ? mapped.event : error.issues.map((issue) => source.mapping.describe(issue));
  };

  for await (const row of source.rows(onBytes)) {
    signal.throwIfAborted();
    rows++;
    const judged = judge(row);
    if (isFaults(judged)) {
      wrongLines++;
      if (faults.length < maxFaults) faults.push({ line: row.line, message: judged.join("; ") });
      continue;
    }
    if (!tenants.has(judged.tenant_id)) tenants.set(judged.tenant_id, row.line);
    if (judged.event_id === undefined) repeats.see(rowMark(judged, idSource));
    from = Math.min(from, judged.event_time);
    to = Math.max(to, judged.event_time);
  }
  faults.sort((one, other) => one.line - other.line);
  return { rows, faults, wrongLines, tenants, repeats, from, to };
};

const isFaults = (judged: ImportEvent | readonly string[]): judged is readonly string[] =>
  Array.isArray(judged);
