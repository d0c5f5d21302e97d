import type { SqlTransaction } from "@meter-lib/core/store";

/** A transaction of postgres.js: the argument of the callback in `sql.begin(async (sql) => …)`. */
export interface PostgresJsSql {
  unsafe(text: string, values: never[]): PromiseLike<unknown>;
}

/**
 * Adapts a transaction of postgres.js: `client.record(event, { tx: postgresJsTransaction(sql) })` inside `sql.begin()`.
 *
 * @example
 * ```ts
 * await sql.begin(async (sql) => {
 *   await sql`INSERT INTO orders …`;
 *   await client.record(event, { tx: postgresJsTransaction(sql) });
 * });
 * ```
 */
export const postgresJsTransaction = (sql: PostgresJsSql): SqlTransaction => ({
  query: (text, values) => Reflect.apply(sql.unsafe, sql, [text, values]),
});

/** A transaction of Prisma: the argument of the callback in `prisma.$transaction(async (tx) => …)`. */
export interface PrismaTransactionClient {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>;
}

/** Adapts a transaction of Prisma: `client.record(event, { tx: prismaTransaction(tx) })` inside `prisma.$transaction()`. */
export const prismaTransaction = (tx: PrismaTransactionClient): SqlTransaction => ({
  query: (text, values) => tx.$queryRawUnsafe(text, ...values),
});

/** A transaction of Kysely: the argument of the callback in `db.transaction().execute(async (trx) => …)`. */
export interface KyselyTransaction {
  executeQuery(query: KyselyQuery): PromiseLike<unknown>;
}

/** What Kysely's `CompiledQuery.raw(text, values)` returns. */
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

/** Adapts a transaction of Kysely: `client.record(event, { tx: kyselyTransaction(trx) })` inside `db.transaction().execute()`. */
export const kyselyTransaction = (trx: KyselyTransaction): SqlTransaction => ({
  query: (sql, parameters) =>
    trx.executeQuery({
      sql,
      parameters,
      query: { kind: "RawNode", sqlFragments: [sql], parameters: [] },
      queryId: { queryId: `meter-lib ${queries++}` },
    }),
});

/** A transaction of Drizzle over PostgreSQL: what `db.transaction(async (tx) => …)` hands to its callback. */
export interface DrizzleTransaction<Query> {
  execute(query: Query): PromiseLike<unknown>;
}

/** What is used of Drizzle's `sql`. */
export interface DrizzleSql<Query> {
  raw(text: string): Query;
  param(value: unknown): unknown;
  join(parts: unknown[]): Query;
}

/** `client.record(event, { tx: drizzleTransaction(tx, sql) })` inside of `db.transaction()`, with the `sql` of `drizzle-orm`. */
export const drizzleTransaction = <Query>(
  tx: DrizzleTransaction<Query>,
  sql: DrizzleSql<Query>,
): SqlTransaction => ({
  query: (text, values) => {
    const parts = text.split(/\$(\d+)/);
    // Between texts there are numbers of values.
    return tx.execute(
      sql.join(parts.map((part, i) => (i % 2 === 0 ? sql.raw(part) : sql.param(values[Number(part) - 1])))),
    );
  },
});
