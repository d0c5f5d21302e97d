import { contentMark } from "../../event/content-mark.ts";
import { timeOfEventId } from "../../event/event-id.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import type { Promisable } from "../../strategies/promisable.ts";
import {
  type EventIdentity,
  MAX_IDS_SPAN_MS,
  MAX_SEGMENT_EVENTS,
  type NewSegment,
} from "../outbox/outbox.ts";
import type { EndState, RowState } from "../outbox/outbox-query.ts";
import { idList, idsIn, placeOfId } from "../store/id-list.ts";
import { padded, part } from "../store/keys.ts";
import type { IdentityRow, IdsRow } from "../store/tables.ts";
import { cellAt } from "../sums/sums.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { pieceAt } from "../transaction/pieces.ts";

/** Where an identity was found. */
export interface KnownIdentity {
  readonly where: RowState | EndState;
  readonly key: number;
  readonly isSame: boolean;
}

export const identityKey = ({ tenant_id, event_id }: EventIdentity): string =>
  `${part(tenant_id)}/${event_id}`;

/**
 * Finds an identity: among the ids that callers gave, then among those created here around the time in the id. Most are new: for them, a
 * store that answers at once needs no promise.
 */
export const findIdentity = (
  log: LogTransaction,
  { identity, key }: { readonly identity: EventIdentity; readonly key: string },
  mark: string,
): Promisable<KnownIdentity | undefined> => {
  const given = log.tx.get("identities", key);
  const time = timeOfEventId(identity.event_id);
  return given === undefined && time === undefined
    ? undefined
    : knownIdentity(log, given, time, identity, mark);
};

const knownIdentity = async (
  log: LogTransaction,
  found: Promisable<IdentityRow | undefined>,
  time: number | undefined,
  { tenant_id, event_id }: EventIdentity,
  mark: string,
): Promise<KnownIdentity | undefined> => {
  const given = await found;
  if (given !== undefined)
    return { key: given.key, where: await standingOf(log, given), isSame: given.mark === mark };
  if (time === undefined) return undefined;
  const rows = await log.tx.range("ids", {
    from: `made/${padded(time - MAX_IDS_SPAN_MS)}`,
    before: `made/${padded(time + 1)}`,
  });
  for (const [, row] of rows) {
    const index = placeOfId(row.ids, event_id);
    if (index === -1 || tenantAt(row, index) !== tenant_id) continue;
    const event = { key: row.key + index, producer: row.producer, seq: row.first_seq + index };
    return {
      key: event.key,
      where: await standingOf(log, event),
      isSame: await saysTheSame(log, event.key, mark),
    };
  }
  return undefined;
};

/** Remembers the ids of a recorded segment. Returns their key. */
export const rememberIds = (
  log: LogTransaction,
  key: number,
  producer: string,
  first_seq: number,
  { count, ids, ids_since, sums, sum_of, given, corrections }: NewSegment,
): string => {
  const row: IdsRow = {
    key,
    producer,
    first_seq,
    count,
    ids: log.durable ? idList(ids) : ids,
    cells: sums.map(({ meter_id, hour, tenants }) => ({ meter_id, hour, tenants })),
    sum_of,
    given: given.map(({ index }) => index),
    corrections,
    at: log.now,
  };
  const kind = given.length === count ? "given" : "made";
  const name = `${kind}/${padded(ids_since)}/${padded(key)}`;
  log.tx.put("ids", name, row);
  log.meta.remembered += count;
  return name;
};

export const tenantAt = ({ cells, sum_of }: IdsRow, index: number): string | undefined =>
  cellAt(cells, sum_of, index)?.tenant_id;

/** Finds an event; if it is in no segment, it is settled. */
const standingOf = async (
  log: LogTransaction,
  { key, producer, seq }: Omit<IdentityRow, "mark">,
): Promise<RowState | EndState> => {
  // Part of the segment that is being appended.
  if (key >= log.meta.next_key) return "pending";
  const row = await log.segmentOf(key);
  if (row !== undefined)
    return row.letter?.state ?? (pieceAt(row, key - row.key)?.inflight ? "inflight" : "pending");
  const owner = await log.tx.get("owners", producer);
  return owner?.discarded.some(({ from, to }) => from <= seq && seq <= to) ? "discarded" : "acknowledged";
};

/** Finds the events of a row of ids, by index, in one query. */
export const standingsOf = async (
  log: LogTransaction,
  { key, count, producer, first_seq }: IdsRow,
): Promise<(index: number) => RowState | EndState> => {
  const discarded = (await log.tx.get("owners", producer))?.discarded ?? [];
  const states = Array.from({ length: count }, (_, index): RowState | EndState => {
    const seq = first_seq + index;
    return discarded.some(({ from, to }) => from <= seq && seq <= to) ? "discarded" : "acknowledged";
  });
  for (const [, row] of await segmentsAround(log, key, count)) {
    for (const { from, to, inflight } of row.pieces) {
      const state = row.letter?.state ?? (inflight ? "inflight" : "pending");
      const end = Math.min(row.key + to - key, count);
      for (let i = Math.max(0, row.key + from - key); i < end; i++) states[i] = state;
    }
  }
  return (index) => states[index] ?? "acknowledged";
};

/** The segments that may have events of the keys from `key` on. */
const segmentsAround = (log: LogTransaction, key: number, count: number) =>
  log.tx.range("segments", { from: padded(key - MAX_SEGMENT_EVENTS), before: padded(key + count) });

const saysTheSame = async (log: LogTransaction, key: number, mark: string): Promise<boolean> => {
  const row = await log.segmentOf(key);
  const event = row === undefined ? undefined : (await log.events(row))[key - row.key];
  // The content is gone. The id was created here, so whoever passes it again got it from here.
  if (event === undefined) return true;
  return says(event, mark);
};

/** Whether an event has the content of the mark. Whether a caller gave its time is no longer known. */
export const says = (event: UsageEvent, mark: string): boolean =>
  contentMark(event, true) === mark || contentMark(event, false) === mark;

const ROWS_PER_TURN = 16;

/**
 * Forgets ids whose events were settled too long ago, or that are over the limit: a few at a time, those after the key `after`.
 * Returns where to continue; empty at the end.
 */
export const forgetIds = async (
  log: LogTransaction,
  kind: "made" | "given",
  after: string,
): Promise<string> => {
  const { tx, meta, now, options } = log;
  const { windowMs, max } = options.tombstones;
  const ended = () => meta.remembered - meta.pending_events - meta.letter_events;
  const rows = await tx.range("ids", {
    from: after === "" ? `${kind}/` : `${after}~`,
    before: `${kind}0`,
    limit: ROWS_PER_TURN,
  });
  for (const [key, row] of rows) {
    const isOld = row.at + windowMs <= now;
    const isSurplus = ended() > max;
    if (!isOld && !isSurplus) return "";
    if (await isAlive(log, row)) {
      if (isOld) tx.put("ids", key, { ...row, at: now });
      continue;
    }
    const ended_at = (await tx.get("ends", key)) ?? row.at;
    if (ended_at + windowMs > now && !isSurplus) {
      tx.put("ids", key, { ...row, at: ended_at });
      continue;
    }
    tx.delete("ids", key);
    tx.delete("ends", key);
    const ids = row.given.length === 0 ? [] : idsIn(row.ids);
    for (const index of row.given) {
      const tenant_id = tenantAt(row, index);
      const event_id = ids[index];
      if (tenant_id !== undefined && event_id !== undefined)
        tx.delete("identities", identityKey({ tenant_id, event_id }));
    }
    meta.remembered -= row.count;
    if (!isOld && row.given.length > 0) {
      if (meta.forgotten === 0)
        log.warnings.push(
          `more than ${max} ids are remembered, so the oldest are evicted before ${windowMs} ms are over; an event recorded again under an evicted id counts again. Raise tombstones.max`,
        );
      meta.forgotten += row.given.length;
    }
  }
  return rows.length < ROWS_PER_TURN ? "" : (rows.at(-1)?.[0] ?? "");
};

const isAlive = async (log: LogTransaction, { key, count }: IdsRow): Promise<boolean> => {
  for (const [, row] of await segmentsAround(log, key, count))
    if (row.pieces.some(({ from, to }) => row.key + from < key + count && row.key + to > key)) return true;
  return false;
};
