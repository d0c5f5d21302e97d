import type { ReconcileBackend } from "@meter-lib/core";
import { postgresLedger } from "@meter-lib/transport-postgres";
import { CliError } from "../errors/cli-error.ts";
import { postgresPlace } from "../outbox/postgres-place.ts";

/**
 * What the database of a URL counted. `?schema=` says where its table is. A connection lasts for one question.
 *
 * @throws CliError for anything but a URL of PostgreSQL
 */
export const postgresUsage = (url: string | undefined): ReconcileBackend => {
  const place = url === undefined ? undefined : postgresPlace(url);
  if (place === undefined)
    throw CliError.usage("--base-url", "a URL like postgres://user@host:5432/database", url ?? "nothing");
  return postgresLedger({
    schema: place.schema,
    client: {
      query: async (text, values) => {
        const client = await place.client();
        try {
          await client.connect();
          return await client.query(text, values);
        } finally {
          await client.end();
        }
      },
    },
  });
};
