/** One row of a file as it stands there, or what is wrong with it. */
export type SourceRow = GoodRow | BadRow;

export interface GoodRow {
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly cells: Readonly<Record<string, unknown>>;
  readonly fault?: undefined;
}

export interface BadRow {
  readonly line: number;
  /** In words. */
  readonly fault: string;
  /** Nothing after it can be read. */
  readonly isLast?: boolean;
}
