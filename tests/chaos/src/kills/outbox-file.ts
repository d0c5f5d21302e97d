import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Rows of an outbox file, read without the library. */
export interface FileRow {
  readonly id: string;
  readonly tenant: string;
  /** 0 pending, 1 in flight, 2 rejected, 3 quarantined, 4 ended. */
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
      const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'segments'").get();
      return known === undefined ? [] : rowsIn(db);
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const LETTERS = ["rejected", "quarantined"];
/** See `NewSegment.sum_of`. */
const PLACES = 1_024;

/** Events that wait are in segments, of which each piece has its attempts; those that have ended are known by their ids alone. */
const rowsIn = (db: DatabaseSync): readonly FileRow[] => {
  const rows: FileRow[] = [];
  const waiting = new Set<number>();
  const segments = db.prepare(
    "SELECT segments.value AS row, bodies.value AS body FROM segments JOIN bodies USING (key)",
  );
  for (const { row, body } of segments.all()) {
    const { key, letter, pieces } = JSON.parse(String(row));
    const lines = new Map(
      String(body)
        .split("\n")
        .map((line) => [Number.parseInt(line, 10), line.slice(line.indexOf(" "))]),
    );
    for (const { from, to, inflight, attempts } of pieces) {
      for (let place = from; place < to; place++) {
        const fields = JSON.parse(lines.get(place) ?? "");
        // One that starts with a number shares its names with an earlier event.
        const [id, tenant] =
          typeof fields[0] === "number" ? [fields[1], JSON.parse(lines.get(fields[0]) ?? "")[1]] : fields;
        const state = letter === undefined ? Number(inflight) : 2 + LETTERS.indexOf(letter.state);
        rows.push({ id, tenant, state, attempts });
        waiting.add(key + place);
      }
    }
  }
  for (const { value } of db.prepare("SELECT value FROM ids").all()) {
    const { key, ids, cells, sum_of } = JSON.parse(String(value));
    for (const [index, id] of ids.split("\n").entries()) {
      if (waiting.has(key + index)) continue;
      const place = sum_of?.[index] ?? (cells[0].tenants.length === 1 ? 0 : index);
      const tenant = cells[Math.floor(place / PLACES)].tenants[place % PLACES];
      rows.push({ id, tenant, state: 4, attempts: 1 });
    }
  }
  return rows;
};

export const idsIn = (rows: readonly FileRow[], ...states: readonly number[]): ReadonlySet<string> =>
  new Set(rows.filter(({ state }) => states.includes(state)).map(({ id }) => id));
