/** Consecutive numbers of one producer, both ends included. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** Converts ascending numbers to ranges. */
export const seqRanges = (seqs: Iterable<number>): readonly SeqRange[] => {
  const ranges: { from: number; to: number }[] = [];
  for (const seq of seqs) {
    const last = ranges.at(-1);
    if (last !== undefined && seq === last.to + 1) last.to = seq;
    else ranges.push({ from: seq, to: seq });
  }
  return ranges;
};

/** Returns what is in `ranges` and not in `others`. Both ascending, without overlaps. */
export const withoutRanges = (
  ranges: readonly SeqRange[],
  others: readonly SeqRange[],
): readonly SeqRange[] => {
  const left: SeqRange[] = [];
  for (const range of ranges) {
    let { from } = range;
    for (const other of others) {
      if (other.to < from) continue;
      if (other.from > range.to) break;
      if (other.from > from) left.push({ from, to: other.from - 1 });
      from = other.to + 1;
    }
    if (from <= range.to) left.push({ from, to: range.to });
  }
  return left;
};

/** Ranges of numbers that share a value. */
export interface ReasonedRange extends SeqRange {
  readonly reason: string;
}

/** Adds a range that overlaps no other. */
export const addSeqs = (ranges: readonly ReasonedRange[], added: ReasonedRange): readonly ReasonedRange[] => {
  const joined: ReasonedRange[] = [];
  for (const range of [...ranges, added].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && last.to + 1 === range.from && last.reason === range.reason)
      joined[joined.length - 1] = { ...last, to: range.to };
    else joined.push(range);
  }
  return joined;
};
