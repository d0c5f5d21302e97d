import { logOutbox, logView, type Outbox, type OutboxView } from "@meter-lib/core/store";
import { outboxSettings, type PostgresOutboxOptions } from "./postgres-outbox-options.ts";
import { postgresStore } from "./postgres-store.ts";

/**
 * Creates a durable outbox in a PostgreSQL database, shared by processes on many machines. Usage can be recorded in the transaction that it
 * belongs to (`client.record(event, { tx })`), and is committed or rolled back with it. The next claim takes over the events of a dead
 * process.
 *
 * Calls reject with a `MeterError`: `no_room` if the server's disk is full, `outbox_failed` if the database cannot be used at the
 * moment, `invalid_options` if its tables are missing or of another version, `closed` after `close()`.
 *
 * @throws MeterError `invalid_options`
 *
 * @example
 * ```ts
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * const client = new MeterClient({ transport, customerLookup, outbox: postgresOutbox({ pool }) });
 * ```
 */
export const postgresOutbox = (options: PostgresOutboxOptions): Outbox => {
  const { store, log } = outboxSettings(options);
  return logOutbox(postgresStore(store), log);
};

/**
 * Opens an outbox for reading. Changes nothing and blocks nobody; a replica is enough. Calls reject like those of `postgresOutbox`.
 *
 * @throws MeterError `invalid_options`
 */
export const postgresOutboxView = (
  options: Pick<PostgresOutboxOptions, "pool" | "client" | "schema" | "connectTimeoutMs">,
): OutboxView => {
  const { store, log } = outboxSettings(options);
  return logView(postgresStore({ ...store, isView: true }), log);
};
