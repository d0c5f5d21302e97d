import { idsIn } from "../store/id-list.ts";
import type { StoreTransaction } from "../store/store.ts";
import { cellAt } from "../sums/sums.ts";

/** What is remembered of a discarded event; its content is gone. */
export interface DiscardedEvent {
  readonly event_id: string;
  readonly tenant_id: string;
  readonly meter_id: string;
  /** Start of the hour (UTC) in which it counted, in milliseconds since the epoch. */
  readonly hour: number;
  /** The reason given by the person or the policy that discarded it. */
  readonly reason: string;
}

export interface DiscardedQuery {
  readonly tenant_id?: string | undefined;
  readonly event_id?: string | undefined;
  readonly limit: number;
}

/** What was discarded and why, newest ids first, as long as ids are remembered. */
export const readDiscarded = async (
  tx: StoreTransaction,
  { tenant_id, event_id, limit }: DiscardedQuery,
): Promise<readonly DiscardedEvent[]> => {
  const owners = new Map(await tx.range("owners", {}));
  const found: DiscardedEvent[] = [];
  for (const [, { ids: list, cells, sum_of, producer, first_seq }] of await tx.range("ids", {
    reverse: true,
  })) {
    const ranges = owners.get(producer)?.discarded ?? [];
    if (ranges.length === 0) continue;
    const ids = idsIn(list);
    for (let index = ids.length - 1; index >= 0; index--) {
      const seq = first_seq + index;
      const range = ranges.find(({ from, to }) => from <= seq && seq <= to);
      const cell = cellAt(cells, sum_of, index);
      const id = ids[index];
      if (range === undefined || id === undefined || cell === undefined) continue;
      if ((tenant_id ?? cell.tenant_id) !== cell.tenant_id || (event_id ?? id) !== id) continue;
      if (found.push({ event_id: id, ...cell, reason: range.reason }) >= limit) return found;
    }
  }
  return found;
};
