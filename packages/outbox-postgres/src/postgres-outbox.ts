import { logOutbox, logView, type Outbox, type OutboxView } from "@meter-lib/core/store";
import { outboxSettings, type PostgresOutboxOptions } from "./postgres-outbox-options.ts";
import { postgresStore } from "./postgres-store.ts";

/**
 * A durable outbox in a PostgreSQL database, for the processes of many machines. Usage can be recorded in the transaction that it belongs to
 * (`client.record(event, { tx })`): it is committed with it, or gone with it. What a dead process held is taken over by the next that
 * claims.
 *
 * Calls reject with a {@link MeterError}: `no_room` when the server's disk is full, `outbox_failed` when the database cannot be used at the
 * moment, `invalid_options` when its tables are missing or of another version, `closed` after `close()`.
 *
 * @throws MeterError `invalid_options`
 */
export const postgresOutbox = (options: PostgresOutboxOptions): Outbox => {
  const { store, log } = outboxSettings(options);
  return logOutbox(postgresStore(store), log);
};

/**
 * An outbox to look into. Nothing is changed, nobody waits for it, and a replica will do. Calls reject as those of `postgresOutbox` do.
 *
 * @throws MeterError `invalid_options`
 */
export const postgresOutboxView = (
  options: Pick<PostgresOutboxOptions, "pool" | "connect" | "schema" | "connectTimeoutMs">,
): OutboxView => {
  const { store, log } = outboxSettings(options);
  return logView(postgresStore({ ...store, isView: true }), log);
};
