/** A connection: what the outbox uses of a `Client` of `pg`, or of a client of a `Pool`. The outbox uses it alone, and ends it. */
export interface PostgresClient {
  /** Resolves with `{ rows }`; with a list of them for several statements in one text. */
  query(text: string, values?: unknown[]): Promise<unknown>;
  /** The server's process, as it was named when the connection began. */
  readonly processID?: number | null;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "notification", listener: (message: { readonly channel: string }) => void): unknown;
  /** Whether it keeps the process alive. */
  ref?(): void;
  unref?(): void;
  /** For a pool's client: returns it to be destroyed. */
  release?(destroy: boolean): void;
  /** For a client of its own. */
  connect?(): Promise<unknown>;
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

/** The rows of a result; of several, those of the last. */
export const rowsOf = (answer: unknown): readonly PostgresRow[] => {
  const last: unknown = Array.isArray(answer) ? answer.at(-1) : answer;
  if (typeof last === "object" && last !== null && "rows" in last && Array.isArray(last.rows))
    return last.rows.filter(isRow);
  return [];
};

const isRow = (value: unknown): value is PostgresRow => typeof value === "object" && value !== null;
