import { MeterError } from "@meter-lib/core/transport";
import { sqlState } from "./judge-failure.ts";
import { usageMigrationSql } from "./usage-tables.ts";

export interface MigrateUsageOptions {
  /** Runs SQL: a `Client` of `pg`, of a user who may create a schema. */
  readonly client: { query(text: string): Promise<unknown> };
  /** @default "meter_lib" */
  readonly schema?: string;
}

/**
 * Creates the table of usage events and the view of usage by hour, where they do not exist yet. Runs may overlap.
 *
 * @throws MeterError `refused` with what the server said, and what to do: missing rights, no connection
 *
 * @example
 * ```ts
 * await migrateUsage({ client: pool });
 * ```
 */
export const migrateUsage = async ({ client, schema = "meter_lib" }: MigrateUsageOptions): Promise<void> => {
  try {
    await client.query(usageMigrationSql(schema));
  } catch (cause) {
    // For a connection that goes on being used.
    await client.query("ROLLBACK").catch(() => {});
    const message = cause instanceof Error ? cause.message : String(cause);
    const advice =
      sqlState(cause) === "42501"
        ? ": run the migration as the database's owner, or grant this user CREATE on the database"
        : "";
    throw new MeterError("refused", `the schema ${schema} was not migrated${advice}: ${message}`, { cause });
  }
};
