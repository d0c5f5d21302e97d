import { isUsageEvent, type Lane, type UsageEvent, usageEvent } from "../../event/usage-event.ts";
import { padded } from "../store/keys.ts";
import type { StoreTransaction } from "../store/store.ts";

/** An event that came with a committed transaction and is not claimed yet. The accounts do not count it yet. */
export interface ArrivedEvent {
  readonly state: "pending";
  readonly arrived: true;
  /** In order of arrival; no key of an `OutboxRow`. */
  readonly key: number;
  readonly event: UsageEvent;
  readonly lane: Lane;
}

export interface ArrivedQuery {
  readonly tenant_id?: string | undefined;
  readonly event_id?: string | undefined;
  /** Events after this key. @default 0 */
  readonly after?: number | undefined;
  readonly limit: number;
}

const PAGE = 1_000;

/** What has arrived, oldest first. Leaves out damaged events: the claim makes dead letters of them. */
export const readArrived = async (
  tx: StoreTransaction,
  { tenant_id, event_id, after = 0, limit }: ArrivedQuery,
): Promise<readonly ArrivedEvent[]> => {
  const found: ArrivedEvent[] = [];
  let last = after;
  for (;;) {
    const rows = await tx.range("arrivals", { from: padded(last + 1), limit: PAGE });
    for (const [text, row] of rows) {
      last = Number(text);
      if (!isUsageEvent(row.event)) continue;
      const event = usageEvent(row.event);
      if (
        (tenant_id ?? event.tenant_id) !== event.tenant_id ||
        (event_id ?? event.event_id) !== event.event_id
      )
        continue;
      const lane = row.lane === "backfill" ? "backfill" : "live";
      if (found.push({ state: "pending", arrived: true, key: last, event, lane }) >= limit) return found;
    }
    if (rows.length < PAGE) return found;
  }
};
