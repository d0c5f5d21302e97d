import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Rows of an outbox file, read without the library. */
export interface FileRow {
  readonly id: string;
  readonly tenant: string;
  /** 0 pending, 1 in flight, 2 rejected, 3 quarantined, 4 acknowledged, 5 discarded. */
  readonly state: number;
  readonly attempts: number;
}

/** Reads a copy, so that the file stays as the kill left it. */
export const readOutboxFile = (path: string): readonly FileRow[] => {
  const folder = mkdtempSync(join(tmpdir(), "meter-copy-"));
  const copy = join(folder, "copy.db");
  try {
    for (const suffix of ["", "-wal"])
      if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
    if (!existsSync(copy)) return [];
    const db = new DatabaseSync(copy);
    try {
      const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'events'").get();
      if (known === undefined) return [];
      return db
        .prepare("SELECT event_id, tenant_id, state, attempts FROM events")
        .all()
        .map((row) => ({
          id: String(row.event_id),
          tenant: String(row.tenant_id),
          state: Number(row.state),
          attempts: Number(row.attempts),
        }));
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
};

export const idsIn = (rows: readonly FileRow[], ...states: readonly number[]): ReadonlySet<string> =>
  new Set(rows.filter(({ state }) => states.includes(state)).map(({ id }) => id));
