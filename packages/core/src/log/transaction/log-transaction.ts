import { MeterError } from "../../errors/meter-error.ts";
import { eventSize } from "../../event/event-size.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import { MAX_SEGMENT_EVENTS } from "../outbox/outbox.ts";
import { idList } from "../store/id-list.ts";
import { padded, under } from "../store/keys.ts";
import { bodyOf, eventsOf } from "../store/segment-body.ts";
import type { StoreTransaction } from "../store/store.ts";
import type { DeadLetter, MetaRow, Piece, SegmentRow } from "../store/tables.ts";
import { ACCOUNT_FIELDS, type AccountField } from "../sums/account.ts";
import { eventsIn, type HourSums, negated } from "../sums/hour-sums.ts";
import { sumEvents } from "../sums/sums.ts";
import type { LogOptions } from "./log-options.ts";
import { byTenant, carve, joined, pieceAt, within } from "./pieces.ts";
import { customerOf, type Destiny, destined, indexOf, metersOf, missingMeter } from "./segment-row.ts";

const LAYOUT = 3;
const META_KEY = "log";

const EMPTY: MetaRow = {
  layout: LAYOUT,
  next_key: 1,
  next_delta: 1,
  first_delta: 1,
  pending_events: 0,
  pending_bytes: 0,
  letter_events: 0,
  letter_bytes: 0,
  remembered: 0,
  forgotten: 0,
};

const META_FIELDS: readonly (keyof MetaRow)[] = [
  "next_key",
  "next_delta",
  "first_delta",
  "pending_events",
  "pending_bytes",
  "letter_events",
  "letter_bytes",
  "remembered",
  "forgotten",
  "frozen_before",
];

type MutableMeta = { -readonly [Field in keyof MetaRow]: MetaRow[Field] };

/** One transaction of the log: current rows, and changes of the sums. */
export class LogTransaction {
  readonly tx: StoreTransaction;
  readonly now: number;
  readonly options: LogOptions;
  /** Whether the store outlives the process. */
  readonly durable: boolean;
  readonly meta: MutableMeta;
  readonly warnings: string[] = [];
  readonly #accounts = new Map<string, number[]>();
  readonly #recorded: HourSums[] = [];
  readonly #acknowledged: HourSums[] = [];
  #recounted = false;
  readonly #before: MetaRow;
  /** The events read last: several parts of one segment may be cut out. */
  #read: { readonly id: string; readonly events: readonly (UsageEvent | undefined)[] } | undefined;

  private constructor(
    tx: StoreTransaction,
    meta: MetaRow,
    now: number,
    options: LogOptions,
    durable: boolean,
  ) {
    this.tx = tx;
    this.durable = durable;
    this.now = now;
    this.options = options;
    this.#before = meta;
    this.meta = { ...meta };
  }

  static async begin(
    tx: StoreTransaction,
    now: number,
    options: LogOptions,
    durable: boolean,
  ): Promise<LogTransaction> {
    const meta = (await tx.get("meta", META_KEY)) ?? EMPTY;
    if (meta.layout !== LAYOUT)
      throw new MeterError(
        "outbox_failed",
        `the outbox has layout ${meta.layout}, expected layout ${LAYOUT}: deliver what is in it with the version of meter-lib that wrote it; nothing is changed`,
      );
    return new LogTransaction(tx, meta, now, options, durable);
  }

  /** Writes the changes of the sums. Call it last. */
  finish(): void {
    const { tx, meta } = this;
    if (this.#accounts.size > 0 || this.#recounted) {
      const accounts = [...this.#accounts].map(([meter_id, figures]) => [meter_id, ...figures] as const);
      tx.put("deltas", padded(meta.next_delta), {
        accounts,
        recorded: this.#recorded,
        acknowledged: this.#acknowledged,
      });
      meta.next_delta++;
    }
    if (META_FIELDS.some((field) => meta[field] !== this.#before[field]))
      tx.put("meta", META_KEY, { ...meta });
  }

  /** Adds events of a meter to a figure of the accounts. */
  count(meter_id: string, field: AccountField, events: number): void {
    let figures = this.#accounts.get(meter_id);
    if (figures === undefined) {
      figures = ACCOUNT_FIELDS.map(() => 0);
      this.#accounts.set(meter_id, figures);
    }
    const place = ACCOUNT_FIELDS.indexOf(field);
    figures[place] = (figures[place] ?? 0) + events;
  }

  recorded(sums: readonly HourSums[]): void {
    for (const hour of sums) {
      const events = eventsIn(hour);
      this.count(hour.meter_id, "recorded", events);
      this.count(hour.meter_id, "pending", events);
      this.#recorded.push(this.#booked(hour));
    }
  }

  acknowledged(sums: readonly HourSums[]): void {
    for (const hour of sums) {
      const events = eventsIn(hour);
      this.count(hour.meter_id, "pending", -events);
      this.count(hour.meter_id, "acknowledged", events);
      this.#acknowledged.push(this.#booked(hour));
    }
  }

  /** The receiver has rejected them after acknowledging them. */
  refuted(content: readonly UsageEvent[]): void {
    for (const hour of sumEvents(content).sums) {
      const events = eventsIn(hour);
      this.count(hour.meter_id, "acknowledged", -events);
      this.count(hour.meter_id, "rejected", events);
      this.count(hour.meter_id, "refuted", events);
      this.#acknowledged.push(this.#booked(negated(hour)));
    }
  }

  /** What counts is another now: the ledger says so, and the accounts, which tell of events and not of usage, stay. */
  recount(before: UsageEvent | undefined, now: UsageEvent | undefined): void {
    const less = before === undefined ? [] : sumEvents([before]).sums.map(negated);
    const more = now === undefined ? [] : sumEvents([now]).sums;
    for (const hour of [...less, ...more]) this.#recorded.push(this.#booked(hour));
    this.#recounted = true;
  }

  /** A frozen hour does not change: what changes in it is booked in the first one that may. */
  #booked(sums: HourSums): HourSums {
    const { frozen_before = 0 } = this.meta;
    return sums.hour < frozen_before ? { ...sums, booked: frozen_before } : sums;
  }

  /** Returns the events of a segment; an event whose text is damaged is undefined. */
  async events({ id, count }: SegmentRow): Promise<readonly (UsageEvent | undefined)[]> {
    if (this.#read?.id !== id) this.#read = { id, events: eventsOf(await this.tx.get("bodies", id), count) };
    return this.#read.events;
  }

  /** Returns the segment that an event is in, if it is not settled. */
  async segmentOf(key: number): Promise<SegmentRow | undefined> {
    let before = `${padded(key + 1)}`;
    for (;;) {
      const [found] = await this.tx.range("segments", { before, reverse: true, limit: 1 });
      if (found === undefined) return undefined;
      const [id, row] = found;
      if (row.key + MAX_SEGMENT_EVENTS <= key) return undefined;
      if (pieceAt(row, key - row.key) !== undefined) return row;
      before = id;
    }
  }

  putSegment(row: SegmentRow): void {
    this.tx.put("segments", row.id, row);
  }

  /** Indexes a segment where its owner, or the next claim, finds it. */
  index(row: SegmentRow): void {
    const [table, key] = indexOf(row);
    this.tx.put(table, key, 1);
  }

  unindex(row: SegmentRow): void {
    const [table, key] = indexOf(row);
    this.tx.delete(table, key);
  }

  /** Removes an empty segment. From now on, its ids are kept for a while. */
  async remove(row: SegmentRow): Promise<void> {
    if (row.ids !== "") {
      this.tx.put("ends", row.ids, this.now);
      // The events leave memory; their ids stay.
      const known = this.durable ? undefined : await this.tx.get("ids", row.ids);
      if (known !== undefined) this.tx.put("ids", row.ids, { ...known, ids: idList(known.ids) });
    }
    this.unindex(row);
    this.tx.delete("segments", row.id);
    this.tx.delete("bodies", row.id);
  }

  /** Changes pieces of a segment in place. */
  change(row: SegmentRow, from: number, to: number, change: (piece: Piece) => Piece): SegmentRow {
    const changed = {
      ...row,
      pieces: joined(row.pieces.flatMap((piece) => carve(piece, from, to, change))),
    };
    this.putSegment(changed);
    return changed;
  }

  /**
   * Moves events out of a segment into segments of their own; returns the rest, if any. Events that are free to claim are split by tenant.
   */
  async cut(
    row: SegmentRow,
    from: number,
    to: number,
    destiny: Destiny,
    fresh?: Pick<Piece, "attempts" | "first_sent_at" | "ambiguous">,
  ): Promise<SegmentRow | undefined> {
    const cutOut = row.pieces.flatMap((piece) => within(piece, from, to));
    const pieces = row.pieces.flatMap((piece) => carve(piece, from, to, () => undefined));
    if (destiny.to === "end") return this.#left(row, pieces);
    const isWhole = pieces.length === 0;
    const isOfOne = row.tenant_id !== "" || destiny.to !== "waiting";
    const piece = (each: Piece): Piece => ({ ...each, inflight: false, ...fresh });
    if (isWhole && isOfOne && cutOut.length === 1 && cutOut[0]?.from === 0 && cutOut[0].to === row.count) {
      // All of it: it keeps its key.
      this.unindex(row);
      const moved = destined({ ...row, pieces: cutOut.map(piece) }, destiny);
      this.putSegment(moved);
      this.index(moved);
      return undefined;
    }
    const events = await this.events(row);
    const runs = cutOut.flatMap((each) => (isOfOne ? [each] : byTenant(each, events)));
    const left = await this.#left(row, pieces);
    for (const run of runs) await this.#putPart(row, events, piece(run), destiny);
    return left;
  }

  /** Takes events of one piece out for an owner. Returns them as a segment: a part, or, if they are all of it, the same. */
  async takeOut(row: SegmentRow, from: number, to: number, owner: string): Promise<SegmentRow> {
    const destiny = { to: "owner", owner } as const;
    if (from === 0 && to === row.count) {
      const held = destined(row, destiny);
      this.unindex(row);
      this.putSegment(held);
      this.index(held);
      return held;
    }
    const [piece] = row.pieces.flatMap((each) => within(each, from, to));
    if (piece === undefined) throw new Error(`event ${row.key + from} has ended`);
    const events = await this.events(row);
    await this.#left(
      row,
      row.pieces.flatMap((each) => carve(each, from, to, () => undefined)),
    );
    return this.#putPart(row, events, { ...piece, inflight: false }, destiny);
  }

  async #left(row: SegmentRow, pieces: readonly Piece[]): Promise<SegmentRow | undefined> {
    if (pieces.length === 0) {
      await this.remove(row);
      return undefined;
    }
    const left = { ...row, pieces };
    this.putSegment(left);
    if (indexOf(left)[1] !== indexOf(row)[1]) {
      this.unindex(row);
      this.index(left);
    }
    return left;
  }

  /** Puts an event by itself among the dead letters, or, without a letter, where it waits for whoever claims it. */
  async putAlone(
    event: UsageEvent,
    origin: Pick<SegmentRow, "id" | "key" | "producer" | "first_seq" | "recorded_at" | "ids">,
    letter?: DeadLetter,
  ): Promise<void> {
    const row: SegmentRow = {
      ...origin,
      id: await this.#freeId(origin.key, origin.id),
      count: 1,
      bytes: eventSize(event),
      lane: "live",
      tenant_id: event.tenant_id,
      meters: [[event.meter_id, 1]],
      owner: "",
      letter,
      pieces: [{ from: 0, to: 1, inflight: false, attempts: 0 }],
    };
    this.putSegment(row);
    this.index(row);
    this.tx.put("bodies", row.id, bodyOf([event], this.options.bodies ?? "events"));
  }

  /**
   * An id that no segment has, and none had from which an event came here: whoever still has that in memory must not take the one for the
   * other.
   * @param before - of what it is cut out of
   */
  async #freeId(key: number, before: string): Promise<string> {
    const first = padded(key);
    let id = before.startsWith(first) ? `${before}x` : first;
    while ((await this.tx.get("segments", id)) !== undefined) id += "x";
    return id;
  }

  async #putPart(
    row: SegmentRow,
    events: readonly (UsageEvent | undefined)[],
    piece: Piece,
    destiny: Exclude<Destiny, { to: "end" }>,
  ): Promise<SegmentRow> {
    const key = row.key + piece.from;
    const id = await this.#freeId(key, row.id);
    const part = events.slice(piece.from, piece.to);
    const count = part.length;
    const tenant_id = row.tenant_id || part.find((event) => event !== undefined)?.tenant_id || "";
    const customer = customerOf(row, tenant_id);
    const cutOut: SegmentRow = {
      ...row,
      id,
      key,
      count,
      bytes: part.reduce((sum, event) => sum + (event === undefined ? 0 : eventSize(event)), 0),
      tenant_id: row.tenant_id === "" && destiny.to !== "waiting" ? "" : tenant_id,
      meters: metersOf(part, missingMeter(row, events)),
      first_seq: row.first_seq + piece.from,
      pieces: [{ ...piece, from: 0, to: count }],
      customers:
        destiny.to !== "waiting"
          ? row.customers
          : customer === undefined
            ? undefined
            : [[tenant_id, customer]],
    };
    const moved = destined(cutOut, destiny);
    this.putSegment(moved);
    this.index(moved);
    this.tx.put("bodies", id, bodyOf(part, this.options.bodies ?? "events"));
    return moved;
  }

  /** Releases the segments of an owner for the next claim. */
  async letGo(owner: string): Promise<void> {
    const held = await this.tx.range("held", under(owner));
    const ids = held.map(([key]) => key.slice(owner.length + 1));
    await this.tx.prefetch?.("segments", ids);
    for (const id of ids) {
      const row = await this.tx.get("segments", id);
      if (row !== undefined) await this.cut(row, 0, row.count, { to: "waiting" });
    }
  }
}
