import { createHash, randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { numberIn, textIn } from "./column.ts";

/** An API key as shown to people: never the key itself. */
export interface ApiKey {
  /** Id of a key that was created at run time; null for keys from the options, which cannot be removed. */
  readonly id: number | null;
  /** Its last four characters. */
  readonly ending: string;
  /** Milliseconds since the epoch; null for keys from the options. */
  readonly added_at: number | null;
  /** How often it was used since the start, and the last time. */
  readonly uses: number;
  readonly last_used_at: number | null;
}

export interface ApiKeys {
  /** How many there are. */
  count(): number;
  /** Returns whether the key is valid, and records its use. */
  use(key: string, now: number): boolean;
  list(): readonly ApiKey[];
  /** Creates a key and returns it, the only time it is shown. Within a transaction. */
  add(now: number): { readonly id: number; readonly key: string };
  /** Within a transaction. */
  remove(id: number): boolean;
  /** Clears the cache after a rollback or a reset. */
  reload(): void;
}

interface Known {
  readonly id: number | null;
  readonly ending: string;
  readonly added_at: number | null;
  uses: number;
  last_used_at: number | null;
}

const SHOWN = 4;
const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");
// The last characters of a short key would reveal too much.
const endingOf = (key: string): string => (key.length > 2 * SHOWN ? key.slice(-SHOWN) : "");

/** @param configured - keys of the options, kept in no file */
export const createApiKeys = (database: DatabaseSync, configured: readonly string[]): ApiKeys => {
  const all = database.prepare("SELECT id, hash, ending, added_at FROM api_keys ORDER BY id");
  const insert = database.prepare("INSERT INTO api_keys (hash, ending, added_at) VALUES (?, ?, ?)");
  const drop = database.prepare("DELETE FROM api_keys WHERE id = ?");
  const known = new Map<string, Known>();

  const reload = (): void => {
    const before = new Map(known);
    known.clear();
    const put = (hash: string, key: Omit<Known, "uses" | "last_used_at">): void => {
      const { uses = 0, last_used_at = null } = before.get(hash) ?? {};
      known.set(hash, { ...key, uses, last_used_at });
    };
    for (const key of configured) put(hashOf(key), { id: null, ending: endingOf(key), added_at: null });
    for (const row of all.iterate())
      put(textIn(row, "hash"), {
        id: numberIn(row, "id"),
        ending: textIn(row, "ending"),
        added_at: numberIn(row, "added_at"),
      });
  };
  reload();

  return {
    count: () => known.size,
    use: (key, now) => {
      const found = known.get(hashOf(key));
      if (found === undefined) return false;
      found.uses++;
      found.last_used_at = now;
      return true;
    },
    list: () => [...known.values()].map((key) => ({ ...key })),
    add: (now) => {
      const key = `sandbox_${randomBytes(18).toString("base64url")}`;
      const id = Number(insert.run(hashOf(key), endingOf(key), now).lastInsertRowid);
      reload();
      return { id, key };
    },
    remove: (id) => {
      if (drop.run(id).changes === 0) return false;
      reload();
      return true;
    },
    reload,
  };
};
