import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ACKNOWLEDGED, DISCARDED } from "./events-table.ts";
import { readOptionalNumber } from "./read-column.ts";
import type { SegmentTable } from "./segment-table.ts";
import type { Tally } from "./tally.ts";

const MAX_PRUNED = 2_000;

/** Forgets tombstones that are too old or too many, the oldest first. Those of a segment go at once. */
export class PruneTombstones {
  readonly #segments: SegmentTable;
  readonly #prune: StatementSync;
  readonly #oldest: StatementSync;

  constructor(db: DatabaseSync, segments: SegmentTable) {
    this.#segments = segments;
    this.#prune = db.prepare(`
      DELETE FROM events
      WHERE key IN (SELECT key FROM events WHERE state = ? AND ended_at <= ? ORDER BY ended_at LIMIT ?)`);
    this.#oldest = db.prepare(
      `SELECT min(ended_at) AS at FROM events WHERE state = ${ACKNOWLEDGED} AND ended_at IS NOT NULL`,
    );
  }

  prune(before: number, max: number, tally: Tally): void {
    this.#pruneSegments(before, tally);
    for (const state of [ACKNOWLEDGED, DISCARDED]) this.#pruneRows(state, before - 1, MAX_PRUNED, tally);
    for (;;) {
      const surplus = tally.tombstones + tally.segmentTombstones - max;
      if (surplus <= 0) return;
      const segment = this.#segments.oldestEnded();
      const row = this.#oldestRow();
      if (segment === undefined || (row !== undefined && row < segment.at)) {
        const state = row === undefined ? DISCARDED : ACKNOWLEDGED;
        const until = row === undefined || segment === undefined ? Number.MAX_SAFE_INTEGER : segment.at;
        if (this.#pruneRows(state, until, surplus, tally) === 0) return;
        continue;
      }
      // Never fewer than the caller wants remembered.
      if (segment.acknowledged > surplus) return;
      this.#segments.remove(segment.firstKey);
      tally.segmentTombstones -= segment.acknowledged;
    }
  }

  #pruneSegments(before: number, tally: Tally): void {
    let pruned = 0;
    for (
      let segment = this.#segments.oldestEnded();
      segment !== undefined;
      segment = this.#segments.oldestEnded()
    ) {
      if (segment.at >= before || pruned >= MAX_PRUNED) return;
      this.#segments.remove(segment.firstKey);
      tally.segmentTombstones -= segment.acknowledged;
      pruned += segment.acknowledged;
    }
  }

  #pruneRows(state: number, until: number, max: number, tally: Tally): number {
    const pruned = Number(this.#prune.run(state, until, max).changes);
    tally.tombstones -= pruned;
    return pruned;
  }

  #oldestRow(): number | undefined {
    return readOptionalNumber(this.#oldest.get() ?? { at: null }, "at");
  }
}
