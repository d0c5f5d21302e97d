import { eventSize } from "../../event/event-size.ts";
import type { Lane, UsageEvent } from "../../event/usage-event.ts";
import type { ClaimedSegment, ClaimRequest } from "../outbox/outbox.ts";
import { nameOf, padded, part, under } from "../store/keys.ts";
import { bodyOf } from "../store/segment-body.ts";
import type { SegmentRow } from "../store/tables.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { customerOf, missingMeter } from "../transaction/segment-row.ts";

const LANES: readonly Lane[] = ["live", "backfill"];
const MOST_TENANTS = 256;
const DAMAGED = "the stored event is damaged";

/** Claims waiting events, tenants in turns. Remembers who was served last, so that with many tenants each gets a turn. */
export class Turns {
  readonly #served = new Map<Lane, string>();

  async take(
    log: LogTransaction,
    owner: string,
    { skipTenants, maxEvents, maxBytes }: ClaimRequest,
  ): Promise<{ readonly segments: readonly ClaimedSegment[]; readonly more: boolean }> {
    const skipped = new Set(skipTenants);
    const segments: ClaimedSegment[] = [];
    let events = 0;
    let bytes = 0;
    let more = false;
    for (const lane of LANES) {
      if (events >= maxEvents) {
        more ||= (await this.#tenants(log, lane, skipped, 1)).length > 0;
        continue;
      }
      const tenants = await this.#tenants(log, lane, skipped, Math.min(MOST_TENANTS, maxEvents));
      let waiting = tenants;
      while (waiting.length > 0 && events < maxEvents) {
        const quantum = Math.max(1, Math.floor((maxEvents - events) / waiting.length));
        await prefetchTurns(log, lane, waiting, quantum);
        const next: string[] = [];
        for (const tenant of waiting) {
          if (events >= maxEvents) {
            more = true;
            break;
          }
          const most = Math.min(quantum, maxEvents - events);
          const room = maxBytes - bytes;
          const taken = await takeOf(log, owner, lane, tenant, most, room, segments.length === 0);
          for (const segment of taken.segments) {
            segments.push(segment.claimed);
            events += segment.claimed.pieces.reduce((sum, { from, to }) => sum + to - from, 0);
            bytes += segment.bytes;
          }
          if (taken.segments.length > 0) this.#served.set(lane, tenant);
          if (taken.left === "room") next.push(tenant);
          else if (taken.left === "bytes") more = true;
        }
        waiting = next;
      }
      more ||= waiting.length > 0 || tenants.length === MOST_TENANTS;
      if (!more && events >= maxEvents) more = (await this.#tenants(log, lane, skipped, 1)).length > 0;
    }
    return { segments, more };
  }

  /** Tenants that wait in a lane, starting after the one that was served last. */
  async #tenants(
    log: LogTransaction,
    lane: Lane,
    skipped: ReadonlySet<string>,
    most: number,
  ): Promise<readonly string[]> {
    const served = this.#served.get(lane);
    const start = served === undefined ? `${lane}/` : `${lane}/${part(served)}0`;
    const tenants: string[] = [];
    for (const { from, before } of [
      { from: start, before: `${lane}0` },
      { from: `${lane}/`, before: start },
    ]) {
      let at = from;
      while (tenants.length < most) {
        const [found] = await log.tx.range("waiting", { from: at, before, limit: 1 });
        if (found === undefined) break;
        const encoded = found[0].split("/")[1] ?? "";
        const tenant_id = nameOf(encoded);
        if (!skipped.has(tenant_id)) tenants.push(tenant_id);
        at = `${lane}/${encoded}0`;
      }
    }
    return tenants;
  }
}

/** The segment that a key of `waiting` names. */
const segmentIn = (key: string): string => key.slice(key.lastIndexOf("/") + 1);

/** A claim reads many short segments: over a network, all that the tenants' turns need at once. */
const prefetchTurns = async (
  { tx }: LogTransaction,
  lane: Lane,
  tenants: readonly string[],
  quantum: number,
): Promise<void> => {
  if (tx.prefetch === undefined) return;
  const turns: (readonly string[])[] = [];
  for (const tenant_id of tenants) {
    const found = await tx.range("waiting", under(`${lane}/${part(tenant_id)}`, { limit: quantum }));
    turns.push(found.map(([key]) => segmentIn(key)));
  }
  const all = turns.flat();
  if (all.length < 2) return;
  await tx.prefetch("segments", all);
  const ids: string[] = [];
  const parts: string[] = [];
  for (const turn of turns) {
    let events = 0;
    for (const id of turn) {
      const row = await tx.get("segments", id);
      const [piece] = row?.pieces ?? [];
      if (row === undefined || piece === undefined) continue;
      if (events >= quantum) break;
      events += piece.to - piece.from;
      ids.push(id);
      // A part that is cut out asks whether its id is free.
      parts.push(padded(row.key + piece.from));
    }
  }
  await tx.prefetch("bodies", ids);
  await tx.prefetch("segments", parts);
};

interface Taken {
  readonly segments: readonly { readonly claimed: ClaimedSegment; readonly bytes: number }[];
  /** Why the tenant has more that was not taken: its turn was over, or the byte limit was reached. */
  readonly left: "room" | "bytes" | undefined;
}

/** Takes a tenant's oldest events; at least one, if it is allowed any. */
const takeOf = async (
  log: LogTransaction,
  owner: string,
  lane: Lane,
  tenant_id: string,
  maxEvents: number,
  maxBytes: number,
  atLeastOne: boolean,
): Promise<Taken> => {
  const segments: { claimed: ClaimedSegment; bytes: number }[] = [];
  let events = 0;
  let bytes = 0;
  const prefix = `${lane}/${part(tenant_id)}`;
  for (;;) {
    const [found] = await log.tx.range("waiting", under(prefix, { limit: 1 }));
    if (found === undefined) return { segments, left: undefined };
    if (events >= maxEvents) return { segments, left: "room" };
    const row = await log.tx.get("segments", segmentIn(found[0]));
    if (row === undefined) {
      log.tx.delete("waiting", found[0]);
      continue;
    }
    const stored = await log.events(row);
    if (await buryDamaged(log, row, stored)) continue;
    const fits = fitting(row, stored, maxEvents - events, maxBytes - bytes, atLeastOne && events === 0);
    if (fits.to === 0) return { segments, left: "bytes" };
    const claimed = await takeFrom(log, owner, row, stored, fits.to);
    segments.push({ claimed, bytes: fits.bytes });
    events += fits.events;
    bytes += fits.bytes;
  }
};

/** How much of a segment's first piece can be taken. */
const fitting = (
  { pieces: [piece] }: SegmentRow,
  stored: readonly (UsageEvent | undefined)[],
  maxEvents: number,
  maxBytes: number,
  atLeastOne: boolean,
): { readonly to: number; readonly events: number; readonly bytes: number } => {
  let events = 0;
  let bytes = 0;
  if (piece === undefined) return { to: 0, events, bytes };
  for (let i = piece.from; i < piece.to; i++) {
    const event = stored[i];
    const size = event === undefined ? 0 : eventSize(event);
    if (!(atLeastOne && events === 0) && (events >= maxEvents || bytes + size > maxBytes))
      return { to: events === 0 ? 0 : i, events, bytes };
    events++;
    bytes += size;
  }
  return { to: piece.to, events, bytes };
};

const takeFrom = async (
  log: LogTransaction,
  owner: string,
  row: SegmentRow,
  stored: readonly (UsageEvent | undefined)[],
  to: number,
): Promise<ClaimedSegment> => {
  const from = row.pieces[0]?.from ?? 0;
  const held = await log.takeOut(row, from, to, owner);
  const events = stored.slice(from, to);
  return {
    id: held.id,
    key: held.key,
    first_seq: held.first_seq,
    producer: held.producer,
    lane: held.lane,
    tenant_id: held.tenant_id,
    body: bodyOf(events, log.options.bodies ?? "events"),
    recorded_at: held.recorded_at,
    customer_id: customerOf(held, held.tenant_id),
    pieces: held.pieces,
  };
};

/** What cannot be read cannot be sent: it becomes a dead letter and does not block the others. */
const buryDamaged = async (
  log: LogTransaction,
  row: SegmentRow,
  stored: readonly (UsageEvent | undefined)[],
): Promise<boolean> => {
  const damaged = row.pieces.flatMap(({ from, to }) =>
    stored.slice(from, to).flatMap((event, i) => (event === undefined ? [from + i] : [])),
  );
  if (damaged.length === 0) return false;
  let left: SegmentRow | undefined = row;
  for (const index of damaged) {
    const meter_id = missingMeter(row, stored);
    const letter = { state: "rejected", reason: DAMAGED, ended_at: log.now } as const;
    if (left !== undefined) left = await log.cut(left, index, index + 1, { to: "letters", letter });
    log.count(meter_id, "pending", -1);
    log.count(meter_id, "rejected", 1);
    log.meta.pending_events--;
    log.meta.letter_events++;
  }
  return true;
};
