import { type PostgresClient, type PostgresRow, rowsOf } from "./postgres-client.ts";
import { ConnectionLost, isFatal } from "./postgres-failure.ts";

export interface SessionSettings {
  readonly connect: () => Promise<PostgresClient>;
  /** All in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** How long a response may take before the connection counts as lost. @default a little longer than the server's own limits */
  readonly answerMs?: number;
}

/** How much longer than the server's own limits a response may take. */
const GRACE_MS = 5_000;
/** A process that is stopped within a transaction blocks all others. */
const IDLE_IN_TRANSACTION_MS = 30_000;

/** One connection to the server; locks of the session end with it. */
export class Session {
  readonly #client: PostgresClient;
  readonly #answerMs: number;
  #lost: Error | undefined;
  /** Rejects pending queries when the connection is lost. */
  readonly #ended = Promise.withResolvers<never>();
  /** Resolves when the last query has its response: drivers differ in what they do with a query that comes before. */
  #last: Promise<void> = Promise.resolve();
  #isEnded = false;

  private constructor(client: PostgresClient, settings: SessionSettings) {
    const { statementTimeoutMs, lockTimeoutMs, answerMs } = settings;
    this.#client = client;
    this.#answerMs = answerMs ?? Math.max(statementTimeoutMs, lockTimeoutMs) + GRACE_MS;
    this.#ended.promise.catch(() => {});
    client.on("error", (error) => this.lose(error));
    client.on("end", () => this.lose(new Error("the server closed the connection")));
  }

  static async open(settings: SessionSettings, heard: (channel: string) => void): Promise<Session> {
    const session = new Session(await connected(settings), settings);
    session.#client.on("notification", ({ channel }) => heard(channel));
    try {
      // A peer that disappeared would keep its locks for hours.
      await session.query(
        `SET statement_timeout = ${settings.statementTimeoutMs}; SET lock_timeout = ${settings.lockTimeoutMs};
        SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS};
        SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3`,
      );
    } catch (error) {
      session.end();
      throw error;
    }
    return session;
  }

  /** The server's process, as it was named when the connection began: a pooler names one that does not exist. */
  get namedPid(): number | undefined {
    return this.#client.processID ?? undefined;
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** @throws ConnectionLost if there is no response, and the server's own errors. */
  async query(text: string, values?: unknown[]): Promise<readonly PostgresRow[]> {
    const before = this.#last;
    const answered = Promise.withResolvers<void>();
    this.#last = answered.promise;
    await before;
    try {
      return await this.#ask(text, values);
    } finally {
      answered.resolve();
    }
  }

  async #ask(text: string, values: unknown[] | undefined): Promise<readonly PostgresRow[]> {
    if (this.#lost !== undefined) throw this.#lost;
    this.#client.ref?.();
    const timer = setTimeout(
      () => this.lose(new Error(`no response for ${this.#answerMs} ms`)),
      this.#answerMs,
    );
    try {
      const answer = values === undefined ? this.#client.query(text) : this.#client.query(text, values);
      // The driver may leave it pending when the connection is destroyed.
      return rowsOf(await Promise.race([answer, this.#ended.promise]));
    } catch (error) {
      if (isFatal(error)) this.lose(error instanceof Error ? error : new Error(String(error)));
      throw this.#lost ?? error;
    } finally {
      clearTimeout(timer);
      // Waiting for notifications does not keep the process alive.
      this.#client.unref?.();
    }
  }

  lose(cause: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ConnectionLost(`the connection was lost: ${cause.message}`, { cause });
    this.#ended.reject(this.#lost);
    this.end();
  }

  /** Ends it; the server releases its locks. */
  end(): void {
    this.#lost ??= new ConnectionLost("the connection was closed");
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { release } = this.#client;
    if (release !== undefined) {
      this.#client.release?.(true);
      return;
    }
    // A lost server does not say goodbye.
    void Promise.resolve(this.#client.end?.()).catch(() => {});
  }
}

const connected = async ({ connect, connectTimeoutMs }: SessionSettings): Promise<PostgresClient> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new ConnectionLost(`no connection for ${connectTimeoutMs} ms`)),
    connectTimeoutMs,
  );
  const connecting = connect();
  try {
    return await Promise.race([connecting, late.promise]);
  } catch (error) {
    // It comes too late: return it.
    void connecting.then(
      (client) => (client.release === undefined ? client.end?.() : client.release(true)),
      () => {},
    );
    throw error;
  } finally {
    clearTimeout(timer);
  }
};
