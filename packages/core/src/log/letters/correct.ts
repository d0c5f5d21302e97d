import { contentMark } from "../../event/content-mark.ts";
import { type Correction, correctionId } from "../../event/correction.ts";
import { eventSize } from "../../event/event-size.ts";
import { addSeqs } from "../../event/seq-range.ts";
import { type UsageEvent, usageEvent } from "../../event/usage-event.ts";
import { usageTime } from "../../event/usage-time.ts";
import { type Found, findEvent } from "../identities/find-event.ts";
import { identityKey } from "../identities/identities.ts";
import type { Corrected, CorrectionRequest, EventIdentity, Standing } from "../outbox/outbox.ts";
import { append } from "../segments/append.ts";
import { part, under } from "../store/keys.ts";
import { bodyOf } from "../store/segment-body.ts";
import type { RevisionRow, SegmentRow } from "../store/tables.ts";
import { sumEvents } from "../sums/sums.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";

// The ledger is the fold of the last revision of each identity. At most one revision is under way at a time, and each tells what it
// takes the place of, so that sums of what was recorded, and of what was acknowledged, are that fold at every step.

/** An identity, and the event that says what it counts for now. */
interface Known {
  readonly key: string;
  readonly revised: RevisionRow | undefined;
  readonly carrier: Found;
  /** Under the identity's own id. */
  readonly event: UsageEvent | undefined;
}

export const standingOf = async (
  log: LogTransaction,
  identity: EventIdentity,
): Promise<Standing | undefined> => {
  const known = await find(log, identity);
  if (known === undefined) return undefined;
  const { carrier, revised, event } = known;
  return {
    state: carrier.state,
    mayCount: mayCount(carrier) || carrier.event?.correction !== undefined,
    event,
    cancelled: revised?.cancelled ?? false,
    recorded_at: recordedAt(known),
  };
};

export const correctEvent = async (
  log: LogTransaction,
  producer: string,
  request: CorrectionRequest,
): Promise<Corrected> => {
  const known = await find(log, request);
  if (known === undefined) return { state: "unknown" };
  const { carrier, revised } = known;
  const { content, seen, maySend } = request;
  if (revised?.cancelled) return { state: content === undefined ? "repeat" : "cancelled" };
  if (carrier.state === "discarded") return { state: "discarded" };
  if (carrier.state === "inflight") return { state: "inflight" };
  const event = known.event ?? (seen !== undefined && carrier.place.fits(seen) ? seen : undefined);
  if (event === undefined) return { state: seen === undefined ? "no_content" : "changed" };
  if (seen !== undefined && content !== undefined && !isSame(seen, event)) return { state: "changed" };
  if (content !== undefined && isSame(content, event)) return { state: "repeat" };
  if (!mayCount(carrier)) {
    if (carrier.event?.correction !== undefined && !maySend) return { state: "unsupported" };
    return change(log, known, event, request);
  }
  if (!maySend) return { state: "unsupported" };
  return record(log, producer, known, event, request);
};

/** A correction is given up: what counted before counts again. */
export const correctionDiscarded = async (
  log: LogTransaction,
  event: UsageEvent,
  correction: Correction,
): Promise<void> => {
  log.recount(event, undefined);
  const key = identityKey({ tenant_id: event.tenant_id, event_id: correction.event_id });
  const revised = await log.tx.get("revisions", key);
  if (revised?.carrier !== event.event_id) return;
  const { carrier = correction.event_id, event: before = revised.event } = revised.before ?? {};
  log.tx.put("revisions", key, { ...revised, carrier, event: before, cancelled: false, before: undefined });
};

/** Forgets what corrections said when their time is over, as ids are forgotten. */
export const forgetRevisions = async ({ tx, now, options }: LogTransaction): Promise<void> => {
  for (const [key, { at }] of await tx.range("revisions", {}))
    if (at + options.tombstones.windowMs <= now) tx.delete("revisions", key);
};

export const revisionsOf = async (
  log: LogTransaction,
  tenant_id: string,
): Promise<ReadonlyMap<string, RevisionRow>> =>
  new Map(
    (await log.tx.range("revisions", under(part(tenant_id)))).map(([, row]) => [row.event.event_id, row]),
  );

const find = async (log: LogTransaction, identity: EventIdentity): Promise<Known | undefined> => {
  const key = identityKey(identity);
  const revised = await log.tx.get("revisions", key);
  const carrier = await findEvent(log, { ...identity, event_id: revised?.carrier ?? identity.event_id });
  // A correction is no event that could be corrected itself.
  if (revised === undefined && carrier?.event?.correction !== undefined) return undefined;
  return carrier && { key, revised, carrier, event: revised?.event ?? carrier.event };
};

/** Whether a receiver may have it: it was acknowledged, or nobody knows. */
const mayCount = ({ state, piece }: Found): boolean =>
  state !== "rejected" &&
  (state !== "pending" || piece?.first_sent_at !== undefined || piece?.ambiguous === true);

const isSame = (a: UsageEvent, b: UsageEvent): boolean => contentMark(a, true) === contentMark(b, true);

/** What was never counted is changed where it is, or discarded. */
const change = async (
  log: LogTransaction,
  known: Known,
  before: UsageEvent,
  { content, reason }: CorrectionRequest,
): Promise<Corrected> => {
  const { carrier, revised } = known;
  const { row, index, event, place } = carrier;
  if (row === undefined || event === undefined) return { state: "no_content" };
  const { correction } = event;
  const left = row.letter === undefined ? { key: place.key, segment: row.id } : undefined;
  const revision = { revision: revised?.revision ?? 0, carrier: event.event_id, before: revised?.before };
  const cancelled = content === undefined;
  remember(log, known, { ...revision, event: content ?? before, cancelled });
  if (cancelled && correction === undefined) {
    await discard(log, carrier, reason);
    return { state: "withdrawn", left };
  }
  const now = usageEvent({
    ...(content ?? before),
    event_id: event.event_id,
    correction: correction && { ...correction, kind: cancelled ? "cancel" : "amend", reason },
  });
  leave(log, row, event, "pending");
  log.meta.pending_events++;
  log.meta.pending_bytes += eventSize(now);
  log.recount(event, now);
  await takeOut(log, row, index);
  const { key, producer, seq: first_seq } = place;
  const { id, recorded_at, ids } = row;
  await log.putAlone(now, { id, key, producer, first_seq, recorded_at, ids });
  return { state: "replaced", left };
};

/** What may count is corrected by an event of its own. */
const record = async (
  log: LogTransaction,
  producer: string,
  known: Known,
  before: UsageEvent,
  { content, reason }: CorrectionRequest,
): Promise<Corrected> => {
  const { carrier, revised } = known;
  const isAcknowledged = carrier.state === "acknowledged";
  const revision = (revised?.revision ?? 0) + 1;
  const event = usageEvent({
    ...(content ?? before),
    event_id: correctionId(before.event_id, revision),
    correction: {
      event_id: before.event_id,
      revision,
      kind: content === undefined ? "cancel" : "amend",
      reason,
      replaced: isAcknowledged
        ? { time: usageTime(before), usage: before.total_usage ?? 0 }
        : carrier.event?.correction?.replaced,
    },
  });
  const owner = await log.tx.get("owners", producer);
  if (owner === undefined) throw new Error(`the owner ${producer} is not known`);
  const { appended, owner: counted } = await append(log, producer, owner, {
    count: 1,
    bytes: eventSize(event),
    lane: "live",
    tenant_id: event.tenant_id,
    body: bodyOf([event], log.options.bodies ?? "events"),
    ...sumEvents([event]),
    ids: event.event_id,
    corrections: true,
    given: [{ index: 0, mark: contentMark(event, true) }],
    ids_since: log.now,
    hold: false,
  });
  const [exception] = appended.exceptions;
  if (exception !== undefined) return { state: exception.state === "full" ? "full" : "conflict" };
  log.tx.put("owners", producer, counted);
  remember(log, known, {
    revision,
    carrier: event.event_id,
    event: content ?? before,
    cancelled: content === undefined,
    before: isAcknowledged
      ? { carrier: revised?.carrier ?? before.event_id, event: before }
      : revised?.before,
  });
  if (isAcknowledged) return { state: "recorded" };
  // Its doubt is settled: whatever the receiver has of it, it keeps the higher revision.
  const { row, place } = carrier;
  await discard(log, carrier, reason);
  return {
    state: "recorded",
    left: row === undefined || row.letter !== undefined ? undefined : { key: place.key, segment: row.id },
  };
};

const remember = (log: LogTransaction, known: Known, row: Omit<RevisionRow, "at" | "recorded_at">): void =>
  log.tx.put("revisions", known.key, { ...row, recorded_at: recordedAt(known), at: log.now });

/** Of the event itself, not of its corrections. */
const recordedAt = ({ revised, carrier }: Known): number | undefined =>
  revised === undefined ? carrier.row?.recorded_at : revised.recorded_at;

/** Gives an event up that is in no receiver's hands. */
export const discard = async (
  log: LogTransaction,
  { row, index, event, place }: Found,
  reason: string,
): Promise<void> => {
  if (row === undefined || event === undefined) return;
  leave(log, row, event, "discarded");
  log.recount(event, undefined);
  const owner = await log.tx.get("owners", place.producer);
  if (owner !== undefined) {
    const discarded = addSeqs(owner.discarded, { from: place.seq, to: place.seq, reason });
    log.tx.put("owners", place.producer, { ...owner, discarded });
  }
  await takeOut(log, row, index);
};

const leave = (
  log: LogTransaction,
  { letter }: SegmentRow,
  event: UsageEvent,
  to: "pending" | "discarded",
): void => {
  log.count(event.meter_id, letter?.state ?? "pending", -1);
  log.count(event.meter_id, to, 1);
  const kept = letter === undefined ? "pending" : "letter";
  log.meta[`${kept}_events`]--;
  log.meta[`${kept}_bytes`] -= eventSize(event);
};

/** Takes an event out of its segment. What else waits there is let go of, so that no owner sends what it still has in memory. */
const takeOut = async (log: LogTransaction, row: SegmentRow, index: number): Promise<void> => {
  let left = await log.cut(row, index, index + 1, { to: "end" });
  if (row.letter !== undefined || row.owner === "") return;
  for (const { from, to, inflight } of left?.pieces ?? [])
    if (!inflight && left !== undefined) left = await log.cut(left, from, to, { to: "waiting" });
};
