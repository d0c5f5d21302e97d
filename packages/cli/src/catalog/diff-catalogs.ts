import type { Catalog, Meter } from "@meter-lib/core";

/**
 * Whom a change hurts:
 * - `callers`: code that names the meter does not compile or is refused
 * - `bills`: the same usage makes another amount
 * - `nobody`: new meters, words for people
 */
export type Affected = "callers" | "bills" | "nobody";

export interface CatalogChange {
  readonly meter_id: string;
  readonly affects: Affected;
  /** `removed`, `added`, or the field that is another one now. */
  readonly what: "removed" | "added" | "type" | "unit" | "aggregation" | "name" | "description" | "metadata";
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The new id of a meter that was probably renamed. */
  readonly perhaps?: string | undefined;
}

const FIELDS = [
  ["type", "callers"],
  ["aggregation", "bills"],
  ["unit", "bills"],
  ["name", "nobody"],
  ["description", "nobody"],
] as const;

/** What changes for whom when a catalog takes another's place. The worst first. */
export const diffCatalogs = (before: Catalog, after: Catalog): readonly CatalogChange[] => {
  const changes: CatalogChange[] = [];
  for (const [meter_id, old] of Object.entries(before)) {
    const now = after[meter_id];
    if (now === undefined)
      changes.push({
        meter_id,
        affects: "callers",
        what: "removed",
        before: old.type,
        after: undefined,
        perhaps: renamed(old, before, after),
      });
    else changes.push(...changedFields(meter_id, old, now));
  }
  for (const [meter_id, now] of Object.entries(after)) {
    if (before[meter_id] === undefined)
      changes.push({ meter_id, affects: "nobody", what: "added", before: undefined, after: now.type });
  }
  return changes.sort((one, other) => RANKS[one.affects] - RANKS[other.affects]);
};

const RANKS: Readonly<Record<Affected, number>> = { callers: 0, bills: 1, nobody: 2 };

const changedFields = (meter_id: string, old: Meter, now: Meter): readonly CatalogChange[] => {
  const changes: CatalogChange[] = [];
  for (const [what, affects] of FIELDS) {
    const before = fieldText(old, what);
    const after = fieldText(now, what);
    if (before === after) continue;
    // A unit that was never written down is not another one.
    const isNews = what === "unit" && before === undefined;
    changes.push({ meter_id, affects: isNews ? "nobody" : affects, what, before, after });
  }
  // Two schemas cannot be compared; that one comes or goes can be seen, and one that comes may refuse what was taken.
  if ((old.metadata === undefined) !== (now.metadata === undefined))
    changes.push({
      meter_id,
      affects: now.metadata === undefined ? "nobody" : "callers",
      what: "metadata",
      before: old.metadata === undefined ? undefined : "a schema",
      after: now.metadata === undefined ? undefined : "a schema",
    });
  return changes;
};

const fieldText = (meter: Meter, field: (typeof FIELDS)[number][0]): string | undefined =>
  meter[field] ?? (field === "aggregation" ? "sum" : undefined);

const renamed = (old: Meter, before: Catalog, after: Catalog): string | undefined =>
  old.name === undefined
    ? undefined
    : Object.entries(after).find(
        ([id, now]) => before[id] === undefined && now.name === old.name && now.type === old.type,
      )?.[0];
