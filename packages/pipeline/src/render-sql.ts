import { readdirSync, readFileSync } from "node:fs";

/** The names that the SQL leaves open. Durations are in Flink's words: `10 s`, `25 h`, `31 d`. */
export interface SqlSettings {
  /** Addresses of the brokers, as `host:port,host:port`. */
  readonly BROKERS: string;
  readonly PARALLELISM: string;
  readonly CHECKPOINT_INTERVAL: string;
  /** A URI of a folder that all of the cluster sees. */
  readonly CHECKPOINT_DIR: string;
  /** How long an identity is remembered. */
  readonly DEDUP_WINDOW: string;
  /** How long a session's start waits for its end, or its end for its start. */
  readonly SESSION_WINDOW: string;
  readonly POSTGRES_URL: string;
  readonly POSTGRES_USER: string;
  readonly POSTGRES_PASSWORD: string;
}

const FOLDER = new URL("../sql/", import.meta.url);
const NAME = /\$\{(\w+)\}/g;

/** All SQL files in order, with the names filled in: what `sql-client.sh -f` takes. */
export const renderSql = (settings: SqlSettings): string => {
  const values: Readonly<Record<string, string>> = { ...settings };
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) =>
      readFileSync(new URL(name, FOLDER), "utf8")
        // Comments may speak of the names.
        .replace(/^--.*$/gm, "")
        .replace(NAME, (_, setting: string) => {
          const value = values[setting];
          if (value === undefined) throw new Error(`${name} names \${${setting}}, which nobody sets`);
          if (value.includes("'")) throw new Error(`${setting} holds a quote: ${value}`);
          return value;
        }),
    )
    .join("\n");
};
