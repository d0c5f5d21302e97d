import type { Catalog } from "@meter-lib/core";
import type { Aggregation } from "@meter-lib/core/wire";
import type { RefusalHours } from "./refusal-hours.ts";
import type { QueryUsage, UsageQuery, UsageRow } from "./usage-query.ts";

/** What a row of totals is of. */
export type TotalsBy = "customer" | "tenant" | "meter";

/** Numbers that add up. */
interface Sums {
  /** Null where several meters come together: their units do not add up. */
  total_usage: number | null;
  duration_ms: number;
  events: number;
  duplicates: number;
  conflicts: number;
  late: number;
}

/** The usage of one customer, tenant or meter. */
export interface TotalsRow extends Readonly<Sums> {
  readonly id: string;
  /** How many of each it comes from. */
  readonly customers: number;
  readonly tenants: number;
  readonly meters: number;
}

export interface TotalsQuery extends Omit<UsageQuery, "by"> {
  readonly by: TotalsBy;
  /** Only ids that contain this, whatever its case. */
  readonly search?: string | undefined;
  readonly sort: keyof TotalsRow;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

/** A page of the rows, how many there are, and the sum of all of them, also of other pages. */
export interface Totals {
  readonly rows: readonly TotalsRow[];
  readonly total: number;
  readonly sum: Omit<TotalsRow, "id">;
}

/** The figures of a time. */
export interface Figures extends Omit<TotalsRow, "id"> {
  /** Refused events, by the time of their arrival. */
  readonly refused: number;
}

export interface UsageTotals {
  totals(query: TotalsQuery): Totals;
  /** Of a time, and of the time as long right before it; null where the question has no beginning. */
  figures(query: Omit<UsageQuery, "by"> & { readonly to: number }): {
    readonly now: Figures;
    readonly before: Figures | null;
  };
}

const IDS = { customer: "customer_id", tenant: "tenant_id", meter: "meter_id" } as const;

/** Adds rows up. What tenants have together: levels and sums add up, the highest is the highest. */
class Total {
  readonly sums: Sums = {
    total_usage: null,
    duration_ms: 0,
    events: 0,
    duplicates: 0,
    conflicts: 0,
    late: 0,
  };
  readonly #customers = new Set<string>();
  readonly #tenants = new Set<string>();
  readonly #meters = new Set<string>();

  add(row: UsageRow, aggregation: Aggregation): void {
    const { sums } = this;
    const before = sums.total_usage ?? 0;
    this.#customers.add(row.customer_id);
    this.#tenants.add(row.tenant_id);
    this.#meters.add(row.meter_id);
    const together = aggregation === "max" ? Math.max(before, row.total_usage) : before + row.total_usage;
    sums.total_usage = this.#meters.size > 1 ? null : together;
    sums.duration_ms += row.duration_ms;
    sums.events += row.events;
    sums.duplicates += row.duplicates;
    sums.conflicts += row.conflicts;
    sums.late += row.late;
  }

  told(): Omit<TotalsRow, "id"> {
    const [customers, tenants, meters] = [this.#customers.size, this.#tenants.size, this.#meters.size];
    return { ...this.sums, customers, tenants, meters };
  }
}

const KEPT = 8;

/** Sums by one dimension. The rows under them are kept until something changes, so that search, sorting and pages are quick. */
export const createUsageTotals = (
  rowsOf: QueryUsage,
  refusals: RefusalHours,
  catalog: Catalog,
  revision: () => number,
): UsageTotals => {
  const aggregations = new Map(
    Object.entries(catalog).map(([meter_id, { aggregation }]) => [meter_id, aggregation ?? "sum"]),
  );
  const kept = new Map<string, readonly UsageRow[]>();
  let keptAt = -1;
  const cachedRows = ({ tenant_id, customer_id, meter_id, from, to }: UsageQuery): readonly UsageRow[] => {
    if (keptAt !== revision()) kept.clear();
    keptAt = revision();
    const key = JSON.stringify([tenant_id, customer_id, meter_id, from, to]);
    const rows = kept.get(key) ?? rowsOf({ tenant_id, customer_id, meter_id, from, to });
    const [oldest] = kept.keys();
    if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(key, rows);
    return rows;
  };
  const totalOf = (rows: readonly UsageRow[]): Omit<TotalsRow, "id"> => {
    const sum = new Total();
    for (const row of rows) sum.add(row, aggregations.get(row.meter_id) ?? "sum");
    return sum.told();
  };
  const figuresOf = (query: UsageQuery & { readonly to: number }): Figures => ({
    ...totalOf(cachedRows(query)),
    refused: refusals.count({ ...query, from: query.from ?? 0 }),
  });

  return {
    totals: ({ by, search = "", sort, descending, offset, limit, ...query }) => {
      const wanted = search.toLowerCase();
      const idOf = (row: UsageRow): string => row[IDS[by]];
      const all = cachedRows(query);
      const rows = wanted === "" ? all : all.filter((row) => idOf(row).toLowerCase().includes(wanted));
      const groups = new Map<string, Total>();
      for (const row of rows) {
        const group = groups.get(idOf(row)) ?? new Total();
        groups.set(idOf(row), group);
        group.add(row, aggregations.get(row.meter_id) ?? "sum");
      }
      const told = Array.from(groups, ([id, group]): TotalsRow => ({ id, ...group.told() }));
      const order = descending ? -1 : 1;
      told.sort((a, b) => {
        const [left, right] = [a[sort] ?? -1, b[sort] ?? -1];
        return left === right ? (a.id < b.id ? -1 : 1) : left < right ? -order : order;
      });
      return { rows: told.slice(offset, offset + limit), total: told.length, sum: totalOf(rows) };
    },
    figures: (query) => {
      const { from, to } = query;
      return {
        now: figuresOf(query),
        before:
          from === undefined ? null : figuresOf({ ...query, from: Math.max(0, 2 * from - to), to: from }),
      };
    },
  };
};
