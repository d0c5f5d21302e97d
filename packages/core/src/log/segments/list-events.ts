import { type UsageEvent, usageEvent } from "../../event/usage-event.ts";
import { tenantAt } from "../identities/identities.ts";
import { MAX_SEGMENT_EVENTS } from "../outbox/outbox.ts";
import type { OutboxQuery, OutboxRow, RowState } from "../outbox/outbox-query.ts";
import { idsIn } from "../store/id-list.ts";
import { padded } from "../store/keys.ts";
import type { SegmentRow } from "../store/tables.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { customerOf, missingMeter } from "../transaction/segment-row.ts";

/** Returns the events of a query, oldest first. */
export const listEvents = async (
  log: LogTransaction,
  { state, tenant_id, event_id, after = 0, limit = 100 }: OutboxQuery,
): Promise<readonly OutboxRow[]> => {
  const found: OutboxRow[] = [];
  let from = padded(Math.max(0, after + 1 - MAX_SEGMENT_EVENTS));
  for (;;) {
    const rows = await log.tx.range("segments", { from, limit: 64 });
    for (const [id, row] of rows) {
      // Parts that were cut out lie between others: check everything that may come before the last one.
      if (found.length >= limit && row.key > (found.toSorted(byKey)[limit - 1]?.key ?? 0))
        return page(found, limit);
      from = `${id} `;
      const buried = row.letter?.state;
      if (buried === "acknowledged") continue;
      if (
        state !== undefined &&
        row.letter === undefined &&
        (state === "rejected" || state === "quarantined")
      )
        continue;
      if (tenant_id !== undefined && row.tenant_id !== "" && row.tenant_id !== tenant_id) continue;
      const events = await log.events(row);
      for (const each of viewsOf(row, buried, events, await idsOfDamaged(log, row, events))) {
        if (each.key <= after || (state !== undefined && each.state !== state)) continue;
        if (tenant_id !== undefined && each.event.tenant_id !== tenant_id) continue;
        if (event_id === undefined || each.event.event_id === event_id) found.push(each);
      }
    }
    if (rows.length === 0) return page(found, limit);
  }
};

const byKey = (a: OutboxRow, b: OutboxRow): number => a.key - b.key;
const page = (rows: OutboxRow[], limit: number): readonly OutboxRow[] => rows.sort(byKey).slice(0, limit);

type Ids = (index: number) => { readonly event_id: string; readonly tenant_id: string };

/** What is still known about events whose text is damaged. */
const idsOfDamaged = async (
  log: LogTransaction,
  row: SegmentRow,
  events: readonly (UsageEvent | undefined)[],
): Promise<Ids> => {
  const known = events.includes(undefined)
    ? (await log.tx.range("ids", {})).find(
        ([, { key, count }]) => key <= row.key && row.key < key + count,
      )?.[1]
    : undefined;
  const ids = known === undefined ? [] : idsIn(known.ids);
  return (index) => {
    const place = row.key + index - (known?.key ?? row.key);
    const tenant_id = known === undefined ? undefined : tenantAt(known, place);
    return { event_id: ids[place] ?? "", tenant_id: tenant_id ?? row.tenant_id };
  };
};

const viewsOf = (
  row: SegmentRow,
  buried: RowState | undefined,
  events: readonly (UsageEvent | undefined)[],
  ids: Ids,
): readonly OutboxRow[] =>
  row.pieces.flatMap((piece) =>
    events.slice(piece.from, piece.to).map((stored, i) => {
      const index = piece.from + i;
      const event = stored ?? damagedEvent(row, events, ids(index));
      const state = buried ?? (piece.inflight ? "inflight" : "pending");
      return {
        key: row.key + index,
        state,
        event,
        customer_id: customerOf(row, event.tenant_id),
        lane: row.lane,
        attempts: piece.attempts,
        first_sent_at: piece.first_sent_at,
        recorded_at: row.recorded_at,
        reason: row.letter?.reason,
        status: row.letter?.status,
        ended_at: row.letter?.ended_at,
      };
    }),
  );

const damagedEvent = (
  row: SegmentRow,
  events: readonly (UsageEvent | undefined)[],
  ids: { readonly event_id: string; readonly tenant_id: string },
): UsageEvent =>
  usageEvent({
    ...ids,
    device_id: "",
    meter_id: missingMeter(row, events),
    type: "volume",
    event_time: row.recorded_at,
  });
