import type { PostgresClient } from "@meter-lib/outbox-postgres";
import { CliError } from "../errors/cli-error.ts";

/** An outbox in a database, given by a URL instead of a file. */
export interface PostgresPlace {
  /** Not connected yet. */
  readonly client: () => Promise<PostgresClient & Required<Pick<PostgresClient, "connect" | "end">>>;
  readonly schema: string;
}

/** What names an outbox, for errors. */
export const PLACE = "a file, or a URL like postgres://user@host:5432/database";

const URL_OF_POSTGRES = /^postgres(?:ql)?:\/\//i;

/** Parses a PostgreSQL URL; undefined for a file. `?schema=` names the schema of the tables. */
export const postgresPlace = (place: string): PostgresPlace | undefined => {
  if (!URL_OF_POSTGRES.test(place)) return undefined;
  const url = parsed(place);
  const schema = url.searchParams.get("schema") ?? "meter_lib";
  url.searchParams.delete("schema");
  return {
    schema,
    client: async () => {
      const { default: pg } = await import("pg");
      return new pg.Client({ connectionString: url.href, application_name: "meter" });
    },
  };
};

/** Formats a place without its password. */
export const shownPlace = (place: string): string => {
  if (!URL_OF_POSTGRES.test(place)) return place;
  const url = parsed(place);
  if (url.password !== "") url.password = "***";
  return url.href;
};

const parsed = (place: string): URL => {
  try {
    return new URL(place);
  } catch {
    throw CliError.usage("<outbox>", PLACE, "an invalid URL");
  }
};
