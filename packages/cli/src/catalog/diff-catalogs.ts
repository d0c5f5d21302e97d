import type { Catalog, Meter } from "@meter-lib/core";

/**
 * Who is affected by a change:
 * - `callers`: code that names the meter does not compile, or its events are refused
 * - `bills`: the same usage results in a different amount
 * - `nobody`: new meters, descriptions
 */
export type Affected = "callers" | "bills" | "nobody";

export interface CatalogChange {
  readonly meter_id: string;
  readonly affects: Affected;
  /** `removed`, `added`, or the changed field. */
  readonly what: "removed" | "added" | "type" | "unit" | "aggregation" | "name" | "description" | "metadata";
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The new id, if the meter was probably renamed. */
  readonly perhaps?: string | undefined;
}

const FIELDS = [
  ["type", "callers"],
  ["aggregation", "bills"],
  ["unit", "bills"],
  ["name", "nobody"],
  ["description", "nobody"],
] as const;

/** Lists what changes, and for whom, when one catalog replaces another. Most severe first. */
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
    // Adding a unit where none was written changes nothing.
    const isNews = what === "unit" && before === undefined;
    changes.push({ meter_id, affects: isNews ? "nobody" : affects, what, before, after });
  }
  // Two schemas cannot be compared. Adding or removing one can be detected, and an added schema may refuse what was accepted before.
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
