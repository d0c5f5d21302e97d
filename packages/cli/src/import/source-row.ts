/** One raw row of a file, or what is wrong with it. */
export type SourceRow = GoodRow | BadRow;

export interface GoodRow {
  /** The line where it starts, from 1. */
  readonly line: number;
  readonly cells: Readonly<Record<string, unknown>>;
  readonly fault?: undefined;
}

export interface BadRow {
  readonly line: number;
  /** A description. */
  readonly fault: string;
  /** Nothing after it can be read. */
  readonly isLast?: boolean;
}
