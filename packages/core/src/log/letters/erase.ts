import { eventSize } from "../../event/event-size.ts";
import { addSeqs } from "../../event/seq-range.ts";
import { type UsageEvent, usageEvent } from "../../event/usage-event.ts";
import { tenantAt } from "../identities/identities.ts";
import type { Erased } from "../outbox/outbox.ts";
import { idList, idsIn } from "../store/id-list.ts";
import { part, under } from "../store/keys.ts";
import { bodyOf } from "../store/segment-body.ts";
import type { IdsRow, Piece, SegmentRow } from "../store/tables.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { missingMeter } from "../transaction/segment-row.ts";

/**
 * Erases a tenant, except from sums: pending events and dead letters are discarded, ids and sessions are forgotten, and content is blanked
 * in segments shared with other tenants. Events in flight are left alone.
 */
export const eraseTenant = async (
  log: LogTransaction,
  tenant_id: string,
  reason: string,
  isAlive: (owner: string) => Promise<boolean>,
): Promise<Erased> => {
  const erased = { events: 0, onTheirWay: 0, sessions: 0 };
  for (const [, row] of await log.tx.range("segments", {})) {
    if (row.tenant_id !== "" && row.tenant_id !== tenant_id) continue;
    const { events, onTheirWay } = await eraseFrom(log, row, tenant_id, reason, isAlive);
    erased.events += events;
    erased.onTheirWay += onTheirWay;
  }
  for (const [key, row] of await log.tx.range("ids", {}))
    if (row.cells.some(({ tenants }) => tenants.includes(tenant_id)))
      log.tx.put("ids", key, withoutTenant(row, tenant_id));
  for (const [key] of await log.tx.range("identities", under(part(tenant_id))))
    log.tx.delete("identities", key);
  for (const [key] of await log.tx.range("revisions", under(part(tenant_id))))
    log.tx.delete("revisions", key);
  for (const [key, { session }] of await log.tx.range("sessions", {})) {
    if (session.tenant_id !== tenant_id) continue;
    log.tx.delete("sessions", key);
    erased.sessions++;
  }
  // What has not been taken in is in no account.
  for (const [key, { event }] of await log.tx.range("arrivals", {})) {
    if (event?.tenant_id !== tenant_id) continue;
    log.tx.delete("arrivals", key);
    erased.events++;
  }
  return erased;
};

const eraseFrom = async (
  log: LogTransaction,
  row: SegmentRow,
  tenant_id: string,
  reason: string,
  isAlive: (owner: string) => Promise<boolean>,
): Promise<Omit<Erased, "sessions">> => {
  const events = await log.events(row);
  // The tenant of a damaged event in a shared segment is unknown.
  const isMeant = (index: number): boolean => (events[index]?.tenant_id ?? row.tenant_id) === tenant_id;
  const isOwned = row.letter === undefined && row.owner !== "" && (await isAlive(row.owner));
  const stays = new Set<number>();
  let left: SegmentRow | undefined = row;
  let count = 0;
  for (const run of row.pieces.flatMap((piece) => runsOf(piece, isMeant))) {
    if (run.inflight && isOwned) {
      for (let i = run.from; i < run.to; i++) stays.add(i);
      continue;
    }
    // Acknowledged events stay counted; only their content is erased.
    if (row.letter?.state !== "acknowledged") {
      await discardRun(log, row, events, run, reason);
      count += run.to - run.from;
    }
    if (left !== undefined) left = await log.cut(left, run.from, run.to, { to: "end" });
  }
  const isGone = (index: number): boolean => isMeant(index) && !stays.has(index);
  if (left !== undefined && events.some((event, index) => event !== undefined && isGone(index))) {
    const blanked = events.map((event, index) =>
      event !== undefined && isGone(index) ? blank(event) : event,
    );
    log.tx.put("bodies", row.id, bodyOf(blanked, log.options.bodies ?? "events"));
    if (stays.size === 0) {
      const customers = left.customers?.filter(([tenant]) => tenant !== tenant_id);
      log.putSegment({ ...left, customers });
    }
  }
  return { events: count, onTheirWay: stays.size };
};

const discardRun = async (
  log: LogTransaction,
  row: SegmentRow,
  events: readonly (UsageEvent | undefined)[],
  { from, to }: Piece,
  reason: string,
): Promise<void> => {
  const state = row.letter?.state ?? "pending";
  const missing = missingMeter(row, events);
  let bytes = 0;
  for (let i = from; i < to; i++) {
    const event = events[i];
    const meter_id = event?.meter_id ?? missing;
    log.count(meter_id, state, -1);
    log.count(meter_id, "discarded", 1);
    bytes += event === undefined ? 0 : eventSize(event);
  }
  const kept = state === "pending" ? "pending" : "letter";
  log.meta[`${kept}_events`] -= to - from;
  log.meta[`${kept}_bytes`] -= bytes;
  const owner = await log.tx.get("owners", row.producer);
  if (owner === undefined) return;
  const seqs = { from: row.first_seq + from, to: row.first_seq + to - 1, reason };
  log.tx.put("owners", row.producer, { ...owner, discarded: addSeqs(owner.discarded, seqs) });
};

/** The parts of a piece whose events are selected. */
const runsOf = (piece: Piece, isMeant: (index: number) => boolean): readonly Piece[] => {
  const runs: Piece[] = [];
  let from = piece.from;
  for (let i = piece.from; i <= piece.to; i++) {
    if (i < piece.to && isMeant(i)) continue;
    if (i > from) runs.push({ ...piece, from, to: i });
    from = i + 1;
  }
  return runs;
};

/** What the accounts still need: that there was an event, and its meter. */
const blank = (event: UsageEvent): UsageEvent =>
  usageEvent({
    ...event,
    event_id: "",
    tenant_id: "",
    device_id: "",
    metadata: undefined,
    session_id: undefined,
  });

const withoutTenant = (row: IdsRow, tenant_id: string): IdsRow => ({
  ...row,
  ids: idList(
    idsIn(row.ids).map((event_id, index) => ({
      event_id: tenantAt(row, index) === tenant_id ? "" : event_id,
    })),
  ),
  cells: row.cells.map(({ tenants, ...cell }) => ({
    ...cell,
    tenants: tenants.map((tenant) => (tenant === tenant_id ? "" : tenant)),
  })),
});
