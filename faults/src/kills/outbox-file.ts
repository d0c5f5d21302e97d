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
      const rows = db.prepare("SELECT event_id, tenant_id, state, attempts FROM events").all();
      return [
        ...rows.map((row) => ({
          id: String(row.event_id),
          tenant: String(row.tenant_id),
          state: Number(row.state),
          attempts: Number(row.attempts),
        })),
        ...rowsInSegments(db),
      ];
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const WAITING = "0".charCodeAt(0);
const ENDED = "4".charCodeAt(0);

/** Events that have no row of their own: a line and a character each. */
const rowsInSegments = (db: DatabaseSync): readonly FileRow[] => {
  const leases = db.prepare("SELECT deliveries FROM leases WHERE segment = ? ORDER BY nr");
  return db
    .prepare("SELECT first_key, states, identities FROM segments JOIN segment_identities USING (first_key)")
    .all()
    .flatMap(({ first_key, states, identities }) => {
      const attempts = new Map<number, number>();
      for (const { deliveries } of leases.all(Number(first_key))) {
        for (const [, attempt, , places] of JSON.parse(String(deliveries)))
          for (const place of places) attempts.set(place, attempt);
      }
      const lines = String(identities).trimEnd().split("\n");
      return lines.flatMap((line): readonly FileRow[] => {
        const space = line.indexOf(" ");
        const place = Number(line.slice(0, space));
        const [id, tenant] = JSON.parse(line.slice(space));
        const state = states instanceof Uint8Array ? states[place] : undefined;
        const attempt = attempts.get(place);
        if (state === ENDED) return [{ id, tenant, state: 4, attempts: attempt ?? 0 }];
        if (state !== WAITING) return [];
        return [{ id, tenant, state: attempt === undefined ? 0 : 1, attempts: attempt ?? 0 }];
      });
    });
};

export const idsIn = (rows: readonly FileRow[], ...states: readonly number[]): ReadonlySet<string> =>
  new Set(rows.filter(({ state }) => states.includes(state)).map(({ id }) => id));
