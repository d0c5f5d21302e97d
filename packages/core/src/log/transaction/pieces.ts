import type { UsageEvent } from "../../event/usage-event.ts";
import type { Piece, SegmentRow } from "../store/tables.ts";

// The pieces of a segment: what is left of its events, in order, where their delivery differs.

export const pieceAt = ({ pieces }: SegmentRow, index: number): Piece | undefined =>
  pieces.find(({ from, to }) => from <= index && index < to);

/** Whether none of the events is settled. */
export const covers = ({ pieces }: SegmentRow, from: number, to: number): boolean => {
  let at = from;
  for (const piece of pieces) if (piece.from <= at && at < piece.to) at = piece.to;
  return at >= to;
};

/** The part of a piece within a range; none if it lies outside. */
export const within = (piece: Piece, from: number, to: number): readonly Piece[] =>
  piece.to <= from || piece.from >= to
    ? []
    : [{ ...piece, from: Math.max(piece.from, from), to: Math.min(piece.to, to) }];

/** A piece in which a range of events has changed. */
export const carve = (
  piece: Piece,
  from: number,
  to: number,
  change: (piece: Piece) => Piece | undefined,
): readonly Piece[] => {
  const [inside] = within(piece, from, to);
  if (inside === undefined) return [piece];
  const before = within(piece, piece.from, inside.from);
  const after = within(piece, inside.to, piece.to);
  const changed = change(inside);
  return [...before, ...(changed === undefined ? [] : [changed]), ...after];
};

/** Joins neighbours that do not differ. */
export const joined = (pieces: readonly Piece[]): readonly Piece[] => {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (
      last?.to === piece.from &&
      last.inflight === piece.inflight &&
      last.attempts === piece.attempts &&
      last.first_sent_at === piece.first_sent_at &&
      last.ambiguous === piece.ambiguous
    )
      result[result.length - 1] = { ...last, to: piece.to };
    else result.push(piece);
  }
  return result;
};

/** Splits a piece where the tenant changes. */
export const byTenant = (piece: Piece, events: readonly (UsageEvent | undefined)[]): readonly Piece[] => {
  const runs: Piece[] = [];
  let from = piece.from;
  for (let i = piece.from + 1; i <= piece.to; i++) {
    if (i < piece.to && events[i]?.tenant_id === events[from]?.tenant_id) continue;
    runs.push({ ...piece, from, to: i });
    from = i;
  }
  return runs;
};
