import type { DatabaseSync } from "node:sqlite";

/** How a request spoke: one of the two dialects, or a customer lookup. */
export type Dialect = "events" | "kafka-rest" | "lookup";

/** A request as it arrived. */
export interface ReceivedRequest {
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly dialect: Dialect;
  readonly method: string;
  readonly path: string;
  /** JSON of the headers, credentials replaced. */
  readonly headers: string;
  /** Undefined when there was none, or when it was too large to keep. */
  readonly body: string | undefined;
}

/** Writes a request into the log and answers its number. */
export type LogRequest = (request: ReceivedRequest, refused?: { status: number; reason: string }) => number;

export const createLogRequest = (database: DatabaseSync): LogRequest => {
  const insert = database.prepare(`
    INSERT INTO requests (received_at, dialect, method, path, headers, body, status, reason)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  return ({ receivedAt, dialect, method, path, headers, body }, refused) =>
    Number(
      insert.run(
        receivedAt,
        dialect,
        method,
        path,
        headers,
        body ?? null,
        refused?.status ?? null,
        refused?.reason ?? null,
      ).lastInsertRowid,
    );
};
