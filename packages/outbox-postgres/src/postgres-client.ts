/**
 * A connection: what the outbox uses of a `Client` of `pg`, or of one that a `Pool` lends. The outbox has it for itself, and ends it.
 */
export interface PostgresClient {
  /** Resolves with `{ rows }`; with a list of those for several statements in one text. */
  query(text: string, values?: unknown[]): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "notification", listener: (message: { readonly channel: string }) => void): unknown;
  /** Whether it keeps the process alive. */
  ref?(): void;
  unref?(): void;
  /** Of a pool's: gives it back to be destroyed. */
  release?(destroy: boolean): void;
  /** Of one that belongs to nobody else. */
  end?(): unknown;
}

/** What the outbox uses of a `Pool` of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  readonly options?: { readonly max?: number | undefined };
  readonly totalCount?: number;
  readonly idleCount?: number;
  readonly waitingCount?: number;
}

export type PostgresRow = Readonly<Record<string, unknown>>;

/** The rows of an answer; of several, those of the last. */
export const rowsOf = (answer: unknown): readonly PostgresRow[] => {
  const last: unknown = Array.isArray(answer) ? answer.at(-1) : answer;
  if (typeof last === "object" && last !== null && "rows" in last && Array.isArray(last.rows))
    return last.rows.filter(isRow);
  return [];
};

const isRow = (value: unknown): value is PostgresRow => typeof value === "object" && value !== null;
