import { timeOfEventId } from "../../event/event-id.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import { type EventIdentity, MAX_IDS_SPAN_MS } from "../outbox/outbox.ts";
import type { EndState, RowState } from "../outbox/outbox-query.ts";
import { placeOfId } from "../store/id-list.ts";
import { padded } from "../store/keys.ts";
import type { IdsRow, Piece, SegmentRow } from "../store/tables.ts";
import { cellAt, hourOf } from "../sums/sums.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { pieceAt } from "../transaction/pieces.ts";
import { identityKey, says, tenantAt } from "./identities.ts";

/** Where an identity is, and whether a content can be its own. */
export interface Place {
  readonly key: number;
  readonly producer: string;
  readonly seq: number;
  readonly recorded_at: number;
  /** Key of its ids; empty where that is not known. */
  readonly ids: string;
  fits(event: UsageEvent): boolean;
}

/** Looks for identities. Ids made here carry their time, so neighbours are found in the rows that were read last. */
export class Finder {
  readonly #log: LogTransaction;
  #second = Number.NaN;
  #rows: readonly (readonly [string, IdsRow])[] = [];

  constructor(log: LogTransaction) {
    this.#log = log;
  }

  async place({ tenant_id, event_id }: EventIdentity): Promise<Place | undefined> {
    const given = await this.#log.tx.get("identities", identityKey({ tenant_id, event_id }));
    if (given !== undefined)
      return { ...given, recorded_at: this.#log.now, ids: "", fits: (event) => says(event, given.mark) };
    const time = timeOfEventId(event_id);
    if (time === undefined) return undefined;
    for (const [ids, row] of await this.#around(time)) {
      const index = placeOfId(row.ids, event_id);
      if (index === -1 || tenantAt(row, index) !== tenant_id) continue;
      const cell = cellAt(row.cells, row.sum_of, index);
      return {
        key: row.key + index,
        producer: row.producer,
        seq: row.first_seq + index,
        recorded_at: row.at,
        ids,
        fits: (event) => event.meter_id === cell?.meter_id && hourOf(event) === cell.hour,
      };
    }
    return undefined;
  }

  async #around(time: number): Promise<readonly (readonly [string, IdsRow])[]> {
    const second = Math.floor(time / 1_000);
    if (second === this.#second) return this.#rows;
    this.#second = second;
    this.#rows = await this.#log.tx.range("ids", {
      from: `made/${padded(second * 1_000 - MAX_IDS_SPAN_MS)}`,
      before: `made/${padded((second + 1) * 1_000)}`,
    });
    return this.#rows;
  }
}

/** An event that was found, and what is still here of it. */
export interface Found {
  readonly state: RowState | EndState;
  readonly place: Place;
  /** Undefined where its content has gone. */
  readonly row: SegmentRow | undefined;
  readonly piece: Piece | undefined;
  readonly index: number;
  readonly event: UsageEvent | undefined;
}

export const findEvent = async (log: LogTransaction, identity: EventIdentity): Promise<Found | undefined> => {
  const place = await new Finder(log).place(identity);
  if (place === undefined) return undefined;
  const row = await log.segmentOf(place.key);
  if (row === undefined) {
    const owner = await log.tx.get("owners", place.producer);
    const isDiscarded = owner?.discarded.some(({ from, to }) => from <= place.seq && place.seq <= to);
    const state = isDiscarded ? "discarded" : "acknowledged";
    return { state, place, row, piece: undefined, index: 0, event: undefined };
  }
  const index = place.key - row.key;
  const piece = pieceAt(row, index);
  const state = row.letter?.state ?? (piece?.inflight ? "inflight" : "pending");
  return { state, place, row, piece, index, event: (await log.events(row))[index] };
};
