import pg from "pg";
import { inject } from "vitest";
import type {} from "../../outbox-postgres/test/postgres-setup.ts";
import { usageMigrationSql } from "../src/usage-tables.ts";

let places = 0;

/** A new table of usage events in the database that the tests share. */
export const usagePlace = async () => {
  const schema = `usage_${process.pid}_${places++}`;
  const pool = new pg.Pool({
    connectionString: inject("postgresUrl"),
    options: `-c search_path=${schema}`,
  });
  // Connections that a test ends are no fault.
  pool.on("error", () => {});
  await pool.query(usageMigrationSql(schema));
  const dispose = async (): Promise<void> => {
    await pool.query(`DROP SCHEMA "${schema}" CASCADE`);
    await pool.end();
  };
  return {
    schema,
    pool,
    query: async (sql: string) => (await pool.query<Record<string, unknown>>(sql)).rows,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
};
