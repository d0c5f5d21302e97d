export { type MigrateUsageOptions, migrateUsage } from "./migrate-usage.ts";
export { type PostgresLedgerOptions, postgresLedger } from "./postgres-ledger.ts";
export {
  type PostgresPoolClient,
  type PostgresTransportOptions,
  type PostgresTransportPool,
  postgresTransport,
} from "./postgres-transport.ts";
export { usageMigrationSql } from "./usage-tables.ts";
