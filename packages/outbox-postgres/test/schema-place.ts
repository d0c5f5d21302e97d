import { TABLE_NAMES } from "@meter-lib/core/store";
import pg from "pg";
import { inject } from "vitest";
import type { PostgresClient } from "../src/postgres-client.ts";
import type { PostgresStoreOptions } from "../src/postgres-store.ts";
import { migrationSql } from "../src/sql.ts";
import { querySql } from "./postgres-server.ts";

let places = 0;
/** Empty ones: making tables takes longer than most tests. */
const free: string[] = [];

export interface SchemaPlace {
  readonly schema: string;
  readonly store: PostgresStoreOptions;
  /** A connection, and how to cut it as the end of its process does. */
  mortal(): { readonly store: PostgresStoreOptions; kill(): Promise<void> };
  /** Gives it back, for the next test. */
  dispose(): Promise<void>;
}

/** A new outbox in the database that the tests share. */
export const schemaPlace = async (): Promise<SchemaPlace> => {
  const url = inject("postgresUrl");
  const schema = free.pop() ?? (await newSchema(url));
  const settings = { schema, connectTimeoutMs: 10_000, statementTimeoutMs: 30_000, lockTimeoutMs: 10_000 };
  return {
    schema,
    store: { ...settings, connect: () => connectTo(url) },
    mortal: () => {
      const pids: unknown[] = [];
      return {
        store: {
          ...settings,
          connect: async () => {
            const client = await connectTo(url);
            const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
            pids.push(rows[0]?.pid);
            return client;
          },
        },
        kill: () => killBackends(url, pids),
      };
    },
    dispose: async () => {
      await querySql(url, TABLE_NAMES.map((name) => `DELETE FROM "${schema}".${name}`).join(";"));
      free.push(schema);
    },
  };
};

const newSchema = async (url: string): Promise<string> => {
  const schema = `outbox_${process.pid}_${places++}`;
  await querySql(url, migrationSql(schema));
  return schema;
};

export const connectTo = async (url: string): Promise<pg.Client & PostgresClient> => {
  const client = new pg.Client(url);
  await client.connect();
  return client;
};

/** Ends processes of the server, and so the connections and sessions that they are; resolves when they have ended. */
const killBackends = async (url: string, pids: readonly unknown[]): Promise<void> => {
  await querySql(
    url,
    // With a time to wait, in milliseconds, it waits.
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid = ANY($1::int[])",
    [pids],
  );
};
