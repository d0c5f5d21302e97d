import type { Table } from "./report.ts";

/** What a reading ought to be. */
export interface Target {
  readonly what: string;
  readonly reading: number;
  readonly bound: number;
  readonly is: "at least" | "at most";
  readonly digits?: number;
}

/** What was aimed at and what came of it; what was not measured this time is left out. */
export const targetsTable = (targets: readonly Target[]): readonly Table[] => {
  const rows = targets
    .filter(({ reading }) => Number.isFinite(reading))
    .map(({ what, reading, bound, is, digits = 2 }) => ({
      target: what,
      wanted: `${is === "at least" ? "≥" : "≤"} ${bound.toLocaleString("en-US")}`,
      read: reading.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }),
      reached: (is === "at least" ? reading >= bound : reading <= bound) ? "yes" : "no",
    }));
  return rows.length === 0 ? [] : [{ title: "Targets", rows }];
};
