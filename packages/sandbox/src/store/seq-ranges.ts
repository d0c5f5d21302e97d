import type { DatabaseSync } from "node:sqlite";
import { numberIn, textIn } from "./column.ts";

/** What is missing of a producer's 1, 2, 3 … up to the highest number seen. */
export interface Gap {
  readonly producer: string;
  /** The highest sequence number seen. */
  readonly highest: number;
  /** How many numbers below it have not arrived. */
  readonly missing: number;
  /** The missing numbers, as ranges with both ends included. */
  readonly ranges: readonly { readonly from: number; readonly to: number }[];
}

export interface SeqRanges {
  /** Records the arrival of a number, to be written with the batch. */
  add(producer: number, seq: number): void;
  /** Writes what was recorded. Within the transaction of the batch. */
  flush(): void;
  /** Discards what was recorded, after a rollback. */
  discard(): void;
  /** Returns a row per producer, including those without gaps. */
  gaps(producer?: string): readonly Gap[];
}

/** Keeps the numbers that arrived as ranges: a producer without gaps is one row, whatever it sent. */
export const createSeqRanges = (database: DatabaseSync): SeqRanges => {
  const touching = database.prepare(
    "SELECT first, last FROM seq_ranges WHERE producer = ? AND first <= ? ORDER BY first DESC",
  );
  const remove = database.prepare("DELETE FROM seq_ranges WHERE producer = ? AND first = ?");
  const insert = database.prepare("INSERT INTO seq_ranges (producer, first, last) VALUES (?, ?, ?)");
  const ranges = database.prepare(`
    SELECT n.name AS producer, first, last FROM seq_ranges JOIN names n ON n.id = producer ORDER BY n.id, first`);
  const noted = new Map<number, number[]>();

  const merge = (producer: number, from: number, to: number): void => {
    let first = from;
    let last = to;
    const overlaps: number[] = [];
    for (const row of touching.iterate(producer, to + 1)) {
      if (numberIn(row, "last") < from - 1) break;
      overlaps.push(numberIn(row, "first"));
      first = Math.min(first, numberIn(row, "first"));
      last = Math.max(last, numberIn(row, "last"));
    }
    for (const overlap of overlaps) remove.run(producer, overlap);
    insert.run(producer, first, last);
  };

  return {
    add: (producer, seq) => {
      const seqs = noted.get(producer);
      if (seqs === undefined) noted.set(producer, [seq]);
      else seqs.push(seq);
    },
    flush: () => {
      for (const [producer, seqs] of noted) {
        seqs.sort((a, b) => a - b);
        let from: number | undefined;
        let to = 0;
        for (const seq of seqs) {
          if (from !== undefined && seq > to + 1) {
            merge(producer, from, to);
            from = undefined;
          }
          from ??= seq;
          to = seq;
        }
        if (from !== undefined) merge(producer, from, to);
      }
      noted.clear();
    },
    discard: () => noted.clear(),
    gaps: (producer) => {
      const found = new Map<
        string,
        { highest: number; missing: number; ranges: { from: number; to: number }[] }
      >();
      for (const row of ranges.iterate()) {
        const name = textIn(row, "producer");
        if (producer !== undefined && name !== producer) continue;
        const gap = found.get(name) ?? { highest: 0, missing: 0, ranges: [] };
        const first = numberIn(row, "first");
        if (first > gap.highest + 1) {
          gap.ranges.push({ from: gap.highest + 1, to: first - 1 });
          gap.missing += first - 1 - gap.highest;
        }
        gap.highest = numberIn(row, "last");
        found.set(name, gap);
      }
      return Array.from(found, ([name, gap]) => ({ producer: name, ...gap }));
    },
  };
};
