import { eventSize } from "../../event/event-size.ts";
import { addSeqs } from "../../event/seq-range.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import type { OutboxSelection } from "../outbox/outbox-query.ts";
import { under } from "../store/keys.ts";
import type { SegmentRow } from "../store/tables.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { missingMeter } from "../transaction/segment-row.ts";
import { correctionDiscarded } from "./correct.ts";

const STATES = ["rejected", "quarantined"] as const;
const ROWS_PER_TURN = 16;

/** The selected parts of dead letters. */
interface Chosen {
  readonly row: SegmentRow;
  readonly events: readonly (UsageEvent | undefined)[];
  readonly from: number;
  readonly to: number;
}

/** Makes dead letters pending again, as if they had never been sent. Returns how many. */
export const redriveLetters = async (log: LogTransaction, selection: OutboxSelection): Promise<number> => {
  const chosen = await choose(log, selection);
  const ambiguous = selection.state === "quarantined" ? true : undefined;
  for (const part of chosen) {
    leaveLetters(log, part, "pending");
    log.meta.pending_events += part.to - part.from;
    log.meta.pending_bytes += bytesOf(part);
  }
  await eachRow(chosen, (row, from, to) =>
    log.cut(row, from, to, { to: "waiting" }, { attempts: 0, first_sent_at: undefined, ambiguous }),
  );
  return countOf(chosen);
};

/** Discards dead letters. Returns how many. */
export const discardLetters = async (
  log: LogTransaction,
  selection: OutboxSelection,
  reason: string,
): Promise<number> => {
  const chosen = await choose(log, selection);
  await discard(log, chosen, reason);
  return countOf(chosen);
};

/** Discards dead letters beyond the limits of number or age: the oldest first, a few at a time. */
export const boundLetters = async (log: LogTransaction): Promise<void> => {
  const { maxEvents, maxBytes, rejectedMs, quarantinedMs } = log.options.deadLetters;
  const { meta, now } = log;
  const oldest: SegmentRow[] = [];
  for (const state of STATES) {
    const keptMs = state === "rejected" ? rejectedMs : quarantinedMs;
    const isFull = meta.letter_events > maxEvents || meta.letter_bytes > maxBytes;
    if (meta.letter_events === 0 || (keptMs === undefined && !isFull)) continue;
    for (const [key] of await log.tx.range("letters", under(state, { limit: ROWS_PER_TURN }))) {
      const row = await log.tx.get("segments", key.slice(state.length + 1));
      if (row === undefined) log.tx.delete("letters", key);
      else if (keptMs !== undefined && row.letter !== undefined && row.letter.ended_at + keptMs <= now)
        await discardRow(log, row, `${state} for longer than ${keptMs} ms`);
      else oldest.push(row);
    }
  }
  oldest.sort((a, b) => (a.letter?.ended_at ?? 0) - (b.letter?.ended_at ?? 0) || a.key - b.key);
  for (const row of oldest) {
    const surplus = Math.max(
      meta.letter_events - maxEvents,
      Math.ceil(((meta.letter_bytes - maxBytes) * row.count) / Math.max(1, row.bytes)),
    );
    if (surplus <= 0) return;
    await discardRow(log, row, "over the limit of dead letters", surplus);
  }
};

/** Discards the first dead letters of a row. */
const discardRow = async (
  log: LogTransaction,
  row: SegmentRow,
  reason: string,
  most: number = row.count,
): Promise<void> => {
  const events = await log.events(row);
  let left = most;
  const chosen = row.pieces.flatMap(({ from, to }): readonly Chosen[] => {
    const end = Math.min(to, from + left);
    left -= end - from;
    return end > from ? [{ row, events, from, to: end }] : [];
  });
  await discard(log, chosen, reason);
};

const discard = async (log: LogTransaction, chosen: readonly Chosen[], reason: string): Promise<void> => {
  for (const part of chosen) {
    leaveLetters(log, part, "discarded");
    const { row, from, to } = part;
    const owner = await log.tx.get("owners", row.producer);
    if (owner !== undefined) {
      const seqs = { from: row.first_seq + from, to: row.first_seq + to - 1, reason };
      const discarded = addSeqs(owner.discarded, seqs);
      log.tx.put("owners", row.producer, { ...owner, discarded });
    }
    for (let i = from; i < to; i++) {
      const event = part.events[i];
      if (event?.correction !== undefined) await correctionDiscarded(log, event, event.correction);
    }
  }
  await eachRow(chosen, (row, from, to) => log.cut(row, from, to, { to: "end" }));
};

const choose = async (
  log: LogTransaction,
  { state, tenant_id, event_ids }: OutboxSelection,
): Promise<readonly Chosen[]> => {
  const ids = event_ids === undefined ? undefined : new Set(event_ids);
  const chosen: Chosen[] = [];
  for (const [key] of await log.tx.range("letters", under(state))) {
    const row = await log.tx.get("segments", key.slice(state.length + 1));
    if (row === undefined) continue;
    const events = await log.events(row);
    const isMeant = (event: UsageEvent | undefined): boolean =>
      (tenant_id === undefined || (event?.tenant_id ?? row.tenant_id) === tenant_id) &&
      (ids === undefined || (event !== undefined && ids.has(event.event_id)));
    for (const piece of row.pieces) {
      let from = piece.from;
      for (let i = piece.from; i <= piece.to; i++) {
        if (i < piece.to && isMeant(events[i])) continue;
        if (i > from) chosen.push({ row, events, from, to: i });
        from = i + 1;
      }
    }
  }
  return chosen;
};

/** Each part of a row is taken from what the parts before it have left. */
const eachRow = async (
  chosen: readonly Chosen[],
  cut: (row: SegmentRow, from: number, to: number) => Promise<SegmentRow | undefined>,
): Promise<void> => {
  let whole: SegmentRow | undefined;
  let left: SegmentRow | undefined;
  for (const { row, from, to } of chosen) {
    if (row !== whole) left = row;
    whole = row;
    if (left !== undefined) left = await cut(left, from, to);
  }
};

const leaveLetters = (log: LogTransaction, part: Chosen, to: "pending" | "discarded"): void => {
  const { row, events, from } = part;
  const missing = missingMeter(row, events);
  const state = row.letter?.state ?? "rejected";
  for (let i = from; i < part.to; i++) {
    const meter_id = events[i]?.meter_id ?? missing;
    log.count(meter_id, state, -1);
    log.count(meter_id, to, 1);
  }
  log.meta.letter_events -= part.to - from;
  log.meta.letter_bytes -= bytesOf(part);
};

const bytesOf = ({ events, from, to }: Chosen): number =>
  events.slice(from, to).reduce((sum, event) => sum + (event === undefined ? 0 : eventSize(event)), 0);

const countOf = (chosen: readonly Chosen[]): number =>
  chosen.reduce((sum, { from, to }) => sum + to - from, 0);
