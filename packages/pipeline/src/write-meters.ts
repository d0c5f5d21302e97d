// Writes sql/03-meters.sql from the catalog: `pnpm usage-pipeline meters`. A test fails when the file is older than the catalog.
import { writeFile } from "node:fs/promises";
import { MeterError } from "@meter-lib/core";
import { pipelineCatalog } from "./pipeline-catalog.ts";

export const METERS_FILE = new URL("../sql/03-meters.sql", import.meta.url);

// Ids go between quotes into SQL.
const PLAIN_ID = /^[\w.-]+$/;

/** The SQL that knows the meters of the catalog. */
export const metersSql = (): string => {
  const rows = Object.entries(pipelineCatalog).map(([id, { type, aggregation = "sum" }]) => {
    if (!PLAIN_ID.test(id)) {
      throw new MeterError(
        "invalid_catalog",
        `the meter ${id} cannot be named in SQL: letters, digits, . _ - only`,
      );
    }
    return `  '${id}', '${type} ${aggregation}'`;
  });
  return `-- Written by \`pnpm usage-pipeline meters\` from the catalog: what each meter reports, and how a bill is made of it.
-- A map and not a table: it costs no state, and an unknown meter is one that it does not hold.

CREATE VIEW metered AS
SELECT *, MAP[
${rows.join(",\n")},
  -- Without a value that may be missing, Flink takes it for granted that every meter is found.
  '', CAST(NULL AS STRING)
][meter_id] AS meter
FROM decoded;
`;
};

export const writeMeters = (): Promise<void> => writeFile(METERS_FILE, metersSql());
