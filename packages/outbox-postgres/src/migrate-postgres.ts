import { MeterError } from "@meter-lib/core/store";
import { storeError } from "./postgres-failure.ts";
import { migrationSql } from "./sql.ts";

export interface MigratePostgresOptions {
  /** Runs SQL: a `Client` or `Pool` of `pg`, of a user who may create a schema. */
  readonly client: { query(text: string): Promise<unknown> };
  /** @default "meter_lib" */
  readonly schema?: string;
}

/**
 * Makes the outbox's schema and tables, where they are not there yet. Runs may overlap.
 *
 * @throws MeterError `outbox_failed`: missing rights, no connection
 */
export const migratePostgres = async ({
  client,
  schema = "meter_lib",
}: MigratePostgresOptions): Promise<void> => {
  try {
    await client.query(migrationSql(schema));
  } catch (error) {
    // On a connection that goes on being used.
    await client.query("ROLLBACK").catch(() => {});
    const state = error instanceof Error && "code" in error ? error.code : undefined;
    if (state === "42501")
      throw new MeterError(
        "outbox_failed",
        `this user may not make the schema ${schema}: run the migration as the database's owner, or grant it CREATE on the database`,
        { cause: error },
      );
    throw storeError(error, `postgres ${schema}`, schema);
  }
};
