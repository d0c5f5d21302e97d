import type { SqlTransaction } from "@meter-lib/core/store";

/** A transaction of postgres.js: what `sql.begin(async (sql) => …)` hands to its callback. */
export interface PostgresJsSql {
  unsafe(text: string, values: never[]): PromiseLike<unknown>;
}

/** `client.record(event, { tx: postgresJsTransaction(sql) })` inside of `sql.begin()`. */
export const postgresJsTransaction = (sql: PostgresJsSql): SqlTransaction => ({
  query: (text, values) => Reflect.apply(sql.unsafe, sql, [text, values]),
});

/** A transaction of Prisma: what `prisma.$transaction(async (tx) => …)` hands to its callback. */
export interface PrismaTransactionClient {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>;
}

/** `client.record(event, { tx: prismaTransaction(tx) })` inside of `prisma.$transaction()`. */
export const prismaTransaction = (tx: PrismaTransactionClient): SqlTransaction => ({
  query: (text, values) => tx.$queryRawUnsafe(text, ...values),
});

/** A transaction of Kysely: what `db.transaction().execute(async (trx) => …)` hands to its callback. */
export interface KyselyTransaction {
  executeQuery(query: KyselyQuery): PromiseLike<unknown>;
}

/** What Kysely's `CompiledQuery.raw(text, values)` makes. */
export interface KyselyQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: {
    readonly kind: "RawNode";
    readonly sqlFragments: readonly string[];
    readonly parameters: readonly never[];
  };
  readonly queryId: { readonly queryId: string };
}

let queries = 0;

/** `client.record(event, { tx: kyselyTransaction(trx) })` inside of `db.transaction().execute()`. */
export const kyselyTransaction = (trx: KyselyTransaction): SqlTransaction => ({
  query: (sql, parameters) =>
    trx.executeQuery({
      sql,
      parameters,
      query: { kind: "RawNode", sqlFragments: [sql], parameters: [] },
      queryId: { queryId: `meter-lib ${queries++}` },
    }),
});
