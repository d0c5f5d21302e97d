export { type MigratePostgresOptions, migratePostgres } from "./migrate-postgres.ts";
export type { PostgresClient, PostgresPool } from "./postgres-client.ts";
export { postgresOutbox, postgresOutboxView } from "./postgres-outbox.ts";
export type { PostgresOutboxOptions } from "./postgres-outbox-options.ts";
export {
  type PostgresRecorder,
  type PostgresRecorderCall,
  type PostgresRecorderOptions,
  postgresRecorder,
} from "./postgres-recorder.ts";
export { migrationSql } from "./sql.ts";
export {
  type DrizzleSql,
  type DrizzleTransaction,
  drizzleTransaction,
  type KyselyQuery,
  type KyselyTransaction,
  kyselyTransaction,
  type PostgresJsSql,
  type PrismaTransactionClient,
  postgresJsTransaction,
  prismaTransaction,
} from "./transactions-of-others.ts";
