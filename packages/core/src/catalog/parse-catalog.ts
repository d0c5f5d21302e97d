import type { Catalog } from "./catalog.ts";
import { freezeCatalog } from "./freeze-catalog.ts";
import { type MeterCandidate, notACatalog, readMeters, recordCandidates } from "./read-meters.ts";

/**
 * Checks a catalog that is known only at run time, such as JSON from a file or a service. It is an object of meters by id, or a list
 * whose entries hold their id as `meter_id` (the form of the meter list in the usage guide of `meter-lib`).
 *
 * Calls against it accept any id and are checked only at run time. Unknown fields are rejected: ignoring a misspelt `aggregation` would
 * change a bill.
 *
 * @returns a frozen copy
 * @throws MeterError `invalid_catalog`; its `issues` name each path
 *
 * @example
 * ```ts
 * const catalog = parseCatalog(JSON.parse(await readFile("meters.json", "utf8")));
 * ```
 */
export const parseCatalog = (value: unknown): Catalog =>
  freezeCatalog(readMeters(Array.isArray(value) ? listCandidates(value) : candidates(value)));

const candidates = (value: unknown): MeterCandidate[] => {
  if (typeof value !== "object" || value === null)
    throw notACatalog(value, "an object of meters by id, or a list of meters");
  return recordCandidates(value);
};

const listCandidates = (list: readonly unknown[]): MeterCandidate[] =>
  list.map((entry, index) => {
    const path = `[${index}]`;
    if (typeof entry !== "object" || entry === null || Array.isArray(entry) || !("meter_id" in entry))
      return { path, idPath: `${path}.meter_id`, id: undefined, meter: entry };
    const { meter_id: id, ...meter } = entry;
    return { path, idPath: `${path}.meter_id`, id, meter };
  });
