// Writes the migrations of the PostgreSQL packages as files, for those who run their own.
import { writeFileSync } from "node:fs";
import { migrationSql } from "../packages/outbox-postgres/src/sql.ts";
import { usageMigrationSql } from "../packages/transport-postgres/src/usage-tables.ts";

const packages = new URL("../packages/", import.meta.url);
writeFileSync(new URL("outbox-postgres/sql/meter_lib.sql", packages), migrationSql());
writeFileSync(new URL("transport-postgres/sql/usage.sql", packages), usageMigrationSql());
