import { migratePostgres, migrationSql } from "@meter-lib/outbox-postgres";
import type { Command } from "commander";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Invoke } from "../invoke.ts";
import { postgresPlace, shownPlace } from "../outbox/postgres-place.ts";
import type { Report } from "../terminal/report.ts";

interface OutboxMigrateFlags {
  readonly postgres?: string;
  readonly schema?: string;
  readonly print?: boolean;
}

/** Creates the tables of an outbox in PostgreSQL, or prints the SQL. */
const outboxMigrate = async ({ postgres, schema, print }: OutboxMigrateFlags): Promise<Report> => {
  const place = postgres === undefined ? undefined : postgresPlace(postgres);
  const name = schema ?? place?.schema ?? "meter_lib";
  if (print === true) {
    const sql = migrationSql(name);
    return { exit: EXIT.done, lines: sql.trimEnd().split("\n"), data: { sql } };
  }
  if (place === undefined)
    throw CliError.usage(
      "--postgres",
      "a URL like postgres://user@host:5432/database",
      postgres === "" ? "an empty text" : "no URL of PostgreSQL",
    );
  const client = await place.client();
  try {
    const connected = client.connect();
    // Within the migration, so that a failure is reported with what to do about it.
    const query = async (text: string): Promise<unknown> => {
      await connected;
      return client.query(text);
    };
    await migratePostgres({ client: { query }, schema: name });
  } finally {
    await client.end();
  }
  return {
    exit: EXIT.done,
    lines: [`The outbox is ready in schema ${name} of ${shownPlace(postgres ?? "")}.`],
    data: { schema: name },
  };
};

export const outboxMigrateCommand = (command: Command, invoke: Invoke): Command =>
  command
    .option("--postgres <url>", "URL of the database, with a user who may create a schema")
    .option("--schema <name>", "schema for the tables (default: meter_lib)")
    .option("--print", "print the SQL instead, for your own migrations")
    .addHelpText(
      "after",
      `
Examples:
  $ meter outbox migrate --postgres postgres://owner@localhost/shop
  $ meter outbox migrate --print > migrations/0042_meter_lib.sql`,
    )
    .action((flags: OutboxMigrateFlags) => invoke(command, () => outboxMigrate(flags)));
