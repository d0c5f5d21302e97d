import { readdirSync, readFileSync } from "node:fs";

/** The placeholders of the SQL. Durations are in Flink's format: `10 s`, `25 h`, `31 d`. */
export interface SqlSettings {
  /** Addresses of the brokers, as `host:port,host:port`. */
  readonly BROKERS: string;
  readonly PARALLELISM: string;
  readonly CHECKPOINT_INTERVAL: string;
  /** URI of a folder that the whole cluster can access. */
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

/** Returns all SQL files in order with the placeholders filled in, for `sql-client.sh -f`. */
export const renderSql = (settings: SqlSettings): string => {
  const values: Readonly<Record<string, string>> = { ...settings };
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) =>
      readFileSync(new URL(name, FOLDER), "utf8")
        // Comments may mention placeholders.
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
