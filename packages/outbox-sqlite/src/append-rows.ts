import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Appended } from "@meter-lib/core";
import { hourOf, PENDING, stateName } from "./events-table.ts";
import { InsertRow } from "./insert-row.ts";
import type { OwnSegments } from "./own-segments.ts";
import type { Identity, PackedEvents } from "./packed-events.ts";
import { readNumber } from "./read-column.ts";
import { readIdentity, readLines } from "./segment-lines.ts";
import type { FoundEvent, SegmentReader } from "./segment-reader.ts";
import type { AppendedEvents, AppendedRows, CommitInput, CommitOutput, StoreOptions } from "./store-call.ts";
import { StoreFailure } from "./store-failure.ts";
import type { Tally } from "./tally.ts";

/** Stores new events, each identity once, as long as there is room. */
export class AppendRows {
  readonly #options: StoreOptions;
  readonly #segments: OwnSegments;
  readonly #reader: SegmentReader;
  readonly #rows: InsertRow;
  readonly #find: StatementSync;
  readonly #readSeq: StatementSync;
  readonly #writeSeq: StatementSync;

  constructor(db: DatabaseSync, options: StoreOptions, segments: OwnSegments, reader: SegmentReader) {
    this.#options = options;
    this.#segments = segments;
    this.#reader = reader;
    this.#rows = new InsertRow(db);
    this.#find = db.prepare("SELECT state, fingerprint FROM events WHERE tenant_id = ? AND event_id = ?");
    this.#readSeq = db.prepare("SELECT last_seq FROM producers WHERE id = ?");
    this.#writeSeq = db.prepare("UPDATE producers SET last_seq = ? WHERE id = ?");
  }

  append(
    { append, now }: CommitInput,
    owner: number,
    tally: Tally,
  ): Pick<CommitOutput, "firstKey" | "firstSeq" | "others"> {
    if (append.length === 0) return { firstKey: 0, firstSeq: 0, others: [] };
    const firstKey = tally.nextKey;
    const firstSeq = readNumber(this.#readSeq.get(owner), "last_seq") + 1;
    // Keys and numbers go up together.
    const seqOf = (key: number): number => firstSeq + key - firstKey;
    const others: [number, Appended][] = [];
    let before = 0;
    for (const appended of append) {
      if ("packed" in appended && this.#hasRoom(appended.packed, tally)) {
        const { packed } = appended;
        this.#segments.append(packed, owner, tally.nextKey, seqOf(tally.nextKey), now);
        countRecorded(packed, tally);
        tally.nextKey += packed.count;
        before += packed.count;
        continue;
      }
      const rows = rowsOf(appended);
      this.#appendRows(rows, owner, now, seqOf, tally, (place, answer) =>
        others.push([before + place, answer]),
      );
      before += rows.bodies.length;
    }
    if (tally.nextKey > firstKey) this.#writeSeq.run(seqOf(tally.nextKey) - 1, owner);
    return { firstKey, firstSeq, others };
  }

  #appendRows(
    { identities, bodies, hold, mayBeRepeats, deliveries }: NewRows,
    owner: number,
    now: number,
    seqOf: (key: number) => number,
    tally: Tally,
    answer: (place: number, appended: Appended) => void,
  ): void {
    const inSegments = mayBeRepeats && !this.#reader.isEmpty;
    const delivered = new Map(deliveries.map((delivery) => [delivery.place, delivery]));
    for (let place = 0; place < bodies.length; place++) {
      const identity = identities[place];
      const body = bodies[place];
      if (identity === undefined || body === undefined)
        throw new StoreFailure("io", "an event came apart on its way to the store");
      const [event_id, tenant_id, meter_id, usage_time, total_usage, bytes, fingerprint, lane] = identity;
      const known = inSegments ? this.#reader.find(tenant_id, event_id) : undefined;
      if (known !== undefined) {
        answer(place, repeatOf(known, fingerprint));
        continue;
      }
      const { maxEvents, maxBytes } = this.#options;
      const isFull = tally.pendingEvents >= maxEvents || tally.pendingBytes + bytes > maxBytes;
      const delivery = delivered.get(place);
      const isStored =
        !isFull &&
        this.#rows.insert({
          key: tally.nextKey,
          tenant_id,
          event_id,
          meter_id,
          usage_time,
          total_usage,
          bytes,
          fingerprint,
          lane,
          producer: owner,
          seq: seqOf(tally.nextKey),
          recorded_at: now,
          state: PENDING,
          holder: hold ? owner : null,
          customer_id: delivery?.customer_id ?? "",
          attempts: delivery?.attempts ?? 0,
          first_sent_at: delivery?.firstSentAt ?? null,
          body,
        });
      if (!isStored) {
        const found = this.#inRows(tenant_id, event_id);
        answer(place, found === undefined ? { state: "full" } : repeatOf(found, fingerprint));
        continue;
      }
      tally.nextKey++;
      tally.pendingEvents++;
      tally.pendingBytes += bytes;
      tally.recorded(tenant_id, meter_id, hourOf(usage_time), 1, total_usage ?? 0);
    }
  }

  #hasRoom({ count, bytes }: PackedEvents, tally: Tally): boolean {
    const { maxEvents, maxBytes } = this.#options;
    return tally.pendingEvents + count <= maxEvents && tally.pendingBytes + sumOf(bytes) <= maxBytes;
  }

  #inRows(tenant_id: string, event_id: string): FoundEvent | undefined {
    const row = this.#find.get(tenant_id, event_id);
    return row === undefined
      ? undefined
      : { fingerprint: readNumber(row, "fingerprint"), where: stateName(readNumber(row, "state")) };
  }
}

interface NewRows extends Omit<AppendedRows, "loose"> {
  readonly identities: readonly (Identity | undefined)[];
  readonly bodies: readonly (string | undefined)[];
}

/** New events one by one, also those that were meant for a segment: the room ends among them. */
const rowsOf = (appended: AppendedEvents): NewRows => {
  if ("packed" in appended) {
    const { count, identities, bodies } = appended.packed;
    return {
      identities: readLines(identities, count).map(readIdentity),
      bodies: readLines(bodies, count),
      hold: true,
      mayBeRepeats: false,
      deliveries: [],
    };
  }
  const { loose, ...rest } = appended;
  const { texts, numbers } = loose;
  const identities: Identity[] = [];
  const bodies: string[] = [];
  for (let at = 0, number = 0; at < texts.length; at += 4, number += 5) {
    const text = (column: number): string => texts[at + column] ?? "";
    const value = (column: number): number => numbers[number + column] ?? 0;
    const usage = Number.isNaN(value(1)) ? null : value(1);
    identities.push([text(1), text(0), text(2), value(0), usage, value(2), value(3), value(4)]);
    bodies.push(text(3));
  }
  return { ...rest, identities, bodies };
};

const countRecorded = ({ count, bytes, sums }: PackedEvents, tally: Tally): void => {
  tally.pendingEvents += count;
  tally.pendingBytes += sumOf(bytes);
  for (const [tenant_id, meter_id, hour, events, usage] of sums)
    tally.recorded(tenant_id, meter_id, hour, events, usage);
};

const sumOf = (numbers: Uint32Array): number => numbers.reduce((sum, number) => sum + number, 0);

const repeatOf = (found: FoundEvent, fingerprint: number): Appended =>
  found.fingerprint === fingerprint ? { state: "repeat", where: found.where } : { state: "conflict" };
