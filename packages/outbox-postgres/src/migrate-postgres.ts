import { MeterError } from "@meter-lib/core/store";
import { storeError } from "./postgres-failure.ts";
import { migrationSql } from "./sql.ts";

export interface MigratePostgresOptions {
  /** Runs SQL: a `Client` or `Pool` of `pg`, with a user who may create a schema. */
  readonly client: { query(text: string): Promise<unknown> };
  /** @default "meter_lib" */
  readonly schema?: string;
}

/**
 * Creates the outbox's schema and tables, unless they exist. Runs may overlap.
 *
 * @throws MeterError `outbox_failed`: missing rights, no connection
 *
 * @example
 * ```ts
 * await migratePostgres({ client: pool });
 * ```
 */
export const migratePostgres = async ({
  client,
  schema = "meter_lib",
}: MigratePostgresOptions): Promise<void> => {
  try {
    await client.query(migrationSql(schema));
  } catch (error) {
    // On a connection that stays in use.
    await client.query("ROLLBACK").catch(() => {});
    const state = error instanceof Error && "code" in error ? error.code : undefined;
    if (state === "42501")
      throw new MeterError(
        "outbox_failed",
        `this user may not create the schema ${schema}: run the migration as the database's owner, or grant it CREATE on the database`,
        { cause: error },
      );
    throw storeError(error, `postgres ${schema}`, schema);
  }
};
