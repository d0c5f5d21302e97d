import { eventSize } from "../../event/event-size.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import { Finder, type Place } from "../identities/find-event.ts";
import type { Refutation, RefutationState } from "../outbox/outbox.ts";
import { under } from "../store/keys.ts";
import type { SegmentRow } from "../store/tables.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { pieceAt } from "../transaction/pieces.ts";
import { isCorrected, refuteCorrected } from "./refute-corrected.ts";

/** An event that moves from a segment to the dead letters. */
interface Refuted {
  readonly index: number;
  readonly reason: string;
}

/**
 * Takes acknowledgements back: what the receiver rejected later becomes a dead letter, and is no longer acknowledged in the ledger. Returns
 * a result for each, in order.
 */
export const refuteEvents = async (
  log: LogTransaction,
  refutations: readonly Refutation[],
): Promise<readonly RefutationState[]> => {
  const find = new Finder(log);
  const seen = new Set<number>();
  const states: RefutationState[] = [];
  const corrected: number[] = [];
  const leaving = new Map<string, { row: SegmentRow; refuted: Refuted[] }>();
  for (const refutation of refutations) {
    const place = await find.place(refutation);
    if (place === undefined) {
      states.push("unknown");
      continue;
    }
    if (seen.has(place.key)) {
      states.push("repeat");
      continue;
    }
    if (await isCorrected(log, refutation)) {
      corrected.push(states.push("unknown") - 1);
      continue;
    }
    const row = await log.segmentOf(place.key);
    const state = row === undefined ? await restore(log, place, refutation) : await standing(log, row, place);
    if (state === "refuted") seen.add(place.key);
    if (state === "refuted" && row !== undefined) {
      const refuted = leaving.get(row.id)?.refuted ?? [];
      leaving.set(row.id, { row, refuted });
      refuted.push({ index: place.key - row.key, reason: refutation.reason });
    }
    states.push(state);
  }
  for (const { row, refuted } of leaving.values()) await bury(log, row, refuted);
  for (const index of corrected) {
    const refutation = refutations[index];
    if (refutation !== undefined) states[index] = await refuteCorrected(log, refutation);
  }
  return states;
};

/** The result for an event whose content is still here. */
const standing = async (log: LogTransaction, row: SegmentRow, { key }: Place): Promise<RefutationState> => {
  const piece = pieceAt(row, key - row.key);
  if (piece === undefined) return "unknown";
  if (row.letter === undefined) return "waiting";
  if (row.letter.state === "rejected") return "repeat";
  return (await log.events(row))[key - row.key] === undefined ? "no_content" : "refuted";
};

/** Makes a dead letter of an event whose content is gone, with the content that the caller passed. */
const restore = async (
  log: LogTransaction,
  place: Place,
  { tenant_id, event_id, reason, event }: Refutation,
): Promise<RefutationState> => {
  const { key, producer, seq, recorded_at, ids } = place;
  const owner = await log.tx.get("owners", producer);
  if (owner?.discarded.some(({ from, to }) => from <= seq && seq <= to)) return "repeat";
  if (event === undefined) return "no_content";
  if (event.tenant_id !== tenant_id || event.event_id !== event_id || !place.fits(event)) return "conflict";
  log.refuted([event]);
  const letter = { state: "rejected", reason, ended_at: log.now } as const;
  await log.putAlone(event, { id: "", key, producer, first_seq: seq, recorded_at, ids }, letter);
  count(log, event);
  return "refuted";
};

const bury = async (log: LogTransaction, row: SegmentRow, refuted: Refuted[]): Promise<void> => {
  const events = await log.events(row);
  const leaving = refuted.sort((a, b) => a.index - b.index);
  const content = leaving.flatMap(({ index }) => events[index] ?? []);
  // A quarantined event was never acknowledged: it is no longer ambiguous.
  if (row.letter?.state === "quarantined") {
    for (const { meter_id } of content) {
      log.count(meter_id, "quarantined", -1);
      log.count(meter_id, "rejected", 1);
    }
  } else {
    log.refuted(content);
    for (const event of content) count(log, event);
  }
  let left: SegmentRow | undefined = row;
  for (let at = 0; at < leaving.length; ) {
    const first = leaving[at];
    let end = at + 1;
    while (isNext(leaving[end - 1], leaving[end])) end++;
    const last = leaving[end - 1];
    if (left === undefined || first === undefined || last === undefined) return;
    const letter = { state: "rejected", reason: first.reason, ended_at: log.now } as const;
    left = await log.cut(left, first.index, last.index + 1, { to: "letters", letter });
    at = end;
  }
};

const isNext = (one: Refuted | undefined, next: Refuted | undefined): boolean =>
  one !== undefined && next !== undefined && next.index === one.index + 1 && next.reason === one.reason;

const count = ({ meta }: LogTransaction, event: UsageEvent): void => {
  meta.letter_events++;
  meta.letter_bytes += eventSize(event);
};

/** Drops the content of acknowledged events after its retention. */
export const dropKept = async (log: LogTransaction): Promise<void> => {
  const keptMs = log.options.deadLetters.acknowledgedMs ?? 0;
  for (const [key] of await log.tx.range("letters", under("acknowledged"))) {
    const row = await log.tx.get("segments", key.slice("acknowledged/".length));
    if (row === undefined) log.tx.delete("letters", key);
    else if ((row.letter?.ended_at ?? 0) + keptMs > log.now) return;
    else await log.remove(row);
  }
};
