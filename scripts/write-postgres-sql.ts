// Writes the migration of the PostgreSQL outbox as a file, for those who run their own.
import { writeFileSync } from "node:fs";
import { migrationSql } from "../packages/outbox-postgres/src/sql.ts";

writeFileSync(new URL("../packages/outbox-postgres/sql/meter_lib.sql", import.meta.url), migrationSql());
