/** What a measure found. */
export interface Report {
  readonly tables: readonly Table[];
  /** What a reader must know: what was left out, what a column means. */
  readonly notes?: readonly string[];
  /** Every single reading behind the tables, for the JSON file. */
  readonly readings?: unknown;
  /** What got worse; the command fails for it. */
  readonly failures?: readonly string[];
}

export interface Table {
  readonly title?: string;
  readonly rows: readonly Row[];
}

/** Cells by their column's heading; all rows of a table have the same. */
export type Row = Readonly<Record<string, string | number>>;
