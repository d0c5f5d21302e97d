import type { Sort } from "./data-table.tsx";
import { usePlace } from "./place.ts";

/** How a table is searched, sorted and paged. The address keeps it, under the table's name. */
export interface TableState {
  readonly search: string;
  readonly sort: Sort;
  /** How many rows come before the page shown. */
  readonly offset: number;
  readonly setSearch: (search: string) => void;
  readonly setSort: (sort: Sort) => void;
  readonly setOffset: (offset: number) => void;
}

const OFFSET = /^\d{1,9}$/;

/** Reads it from the address; what cannot be sorted by there is sorted as usual. */
export const useTableState = (name: string, usual: Sort, sorts: readonly string[]): TableState => {
  const { params, set } = usePlace();
  const sorted = params[`${name}.sort`] ?? "";
  const by = sorted.replace(/^-/, "");
  const offset = params[`${name}.offset`] ?? "";
  return {
    search: params[`${name}.search`] ?? "",
    sort: sorts.includes(by) ? { by, descending: sorted.startsWith("-") } : usual,
    offset: OFFSET.test(offset) ? Number(offset) : 0,
    setSearch: (search) => set({ [`${name}.search`]: search }, "replace"),
    setSort: ({ by: column, descending }) => set({ [`${name}.sort`]: `${descending ? "-" : ""}${column}` }),
    setOffset: (rows) => set({ [`${name}.offset`]: rows === 0 ? "" : `${rows}` }),
  };
};
