export {
  drizzleTransaction,
  kyselyTransaction,
  type MigratePostgresOptions,
  migratePostgres,
  migrationSql,
  type PostgresClient,
  type PostgresOutboxOptions,
  type PostgresPool,
  postgresJsTransaction,
  postgresOutbox,
  postgresRecorder,
  prismaTransaction,
} from "@meter-lib/outbox-postgres";
export {
  type MigrateUsageOptions,
  migrateUsage,
  type PostgresLedgerOptions,
  type PostgresTransportOptions,
  postgresLedger,
  postgresTransport,
  usageMigrationSql,
} from "@meter-lib/transport-postgres";
