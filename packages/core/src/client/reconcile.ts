import { type SeqRange, withoutRanges } from "../event/seq-range.ts";
import type { LedgerId, LedgerKey, LedgerRange, LedgerRow, ProducerRow } from "../log/outbox/outbox-query.ts";
import type { Promisable } from "../strategies/promisable.ts";

/** The backend's side of a reconciliation. */
export interface ReconcileBackend {
  /**
   * Returns counts by tenant, meter and hour of event time.
   *
   * @param asked - the rows that were recorded here; other rows are ignored
   */
  ledger(range: LedgerRange, asked: readonly LedgerKey[]): Promise<readonly BackendLedgerRow[]>;
  /** Returns the ids behind one row. Omit it for a backend that knows only sums. */
  ids?(row: LedgerKey): Promise<readonly string[]>;
  /** Returns the sequence numbers that arrived, by producer. Omit it for a backend that does not track them. */
  producers?(): Promise<readonly BackendProducer[]>;
}

export interface BackendProducer {
  readonly producer: string;
  /** The highest number that arrived. */
  readonly highest: number;
  /** Lower numbers that did not arrive. Ascending. */
  readonly missing: readonly SeqRange[];
}

export interface BackendLedgerRow extends LedgerKey {
  /** Undefined if the backend knows only sums. */
  readonly events?: number | undefined;
  /** Sum of `total_usage`. */
  readonly total_usage: number;
}

/** The recording side: an outbox, alone or behind the engine. */
export interface ReconcileSource {
  ledger(range: LedgerRange): Promisable<readonly LedgerRow[]>;
  ledgerIds(row: LedgerKey): Promisable<readonly LedgerId[]>;
  producers?(): Promisable<readonly ProducerRow[]>;
}

export interface Reconciliation {
  /**
   * Whether the backend counted exactly what was acknowledged here, and nothing is pending, rejected or quarantined. Events that a person
   * discarded do not count as a difference.
   */
  readonly agrees: boolean;
  /** Whether events were compared one by one where sums differ, or only sums. */
  readonly by: "ids" | "sums";
  /** Rows in which the backend counted something other than what was acknowledged. */
  readonly drifting: number;
  /** Rows compared. */
  readonly compared: number;
  readonly differences: readonly ReconcileDifference[];
  readonly gaps: readonly ProducerGap[];
}

/** Sequence numbers that were acknowledged here and never arrived there, over all hours. */
export interface ProducerGap {
  readonly producer: string;
  readonly missing: readonly SeqRange[];
}

/** One tenant, meter and hour in which the backend counted something other than what was recorded. */
export interface ReconcileDifference extends LedgerKey {
  readonly recorded: number;
  readonly acknowledged: number;
  /** Undefined if the backend knows only sums. */
  readonly counted: number | undefined;
  readonly acknowledged_usage: number;
  readonly counted_usage: number;
  /** Whether the backend counted something other than what was acknowledged; otherwise the rest is undelivered. */
  readonly drifts: boolean;
  /** Acknowledged here, not counted there: lost at the backend. Covers ids that are still kept here. */
  readonly missing: readonly string[];
  /** Recorded here, not acknowledged and not counted there: pending, dead letters or discarded. */
  readonly undelivered: readonly LedgerId[];
  /** Counted there, unknown here: from another producer, or older than the ids kept here. */
  readonly unknown: readonly string[];
}

const keyOf = ({ tenant_id, meter_id, hour }: LedgerKey): string => `${hour} ${meter_id} ${tenant_id}`;

/** Compares what was recorded with what was counted, for the tenants and meters recorded here. */
export const reconcile = async (
  source: ReconcileSource,
  backend: ReconcileBackend,
  range: LedgerRange,
): Promise<Reconciliation> => {
  // Read the own numbers first: what was acknowledged by then must have arrived by then.
  const producers = (await source.producers?.()) ?? [];
  const gaps = findGaps(producers, (await backend.producers?.()) ?? []);
  const own = await source.ledger(range);
  const theirs = await backend.ledger(range, own);
  const counted = new Map(theirs.map((row) => [keyOf(row), row]));
  const differences: ReconcileDifference[] = [];
  for (const row of own) {
    const { total_usage, events } = counted.get(keyOf(row)) ?? NOTHING;
    const isSame = (own_events: number, own_usage: number): boolean =>
      own_usage === total_usage && (events === undefined || events === own_events);
    if (isSame(row.recorded, row.recorded_usage)) continue;
    const [ids, countedIds] = await Promise.all([source.ledgerIds(row), backend.ids?.(row)]);
    differences.push({
      tenant_id: row.tenant_id,
      meter_id: row.meter_id,
      hour: row.hour,
      recorded: row.recorded,
      acknowledged: row.acknowledged,
      counted: events,
      acknowledged_usage: row.acknowledged_usage,
      counted_usage: total_usage,
      drifts: !isSame(row.acknowledged, row.acknowledged_usage),
      ...compareIds(ids, countedIds),
    });
  }
  const drifting = differences.filter(({ drifts }) => drifts).length;
  const isDone = ({ undelivered, recorded, acknowledged }: ReconcileDifference): boolean =>
    undelivered.length === recorded - acknowledged && undelivered.every(({ state }) => state === "discarded");
  return {
    agrees: drifting + gaps.length === 0 && differences.every(isDone),
    by: backend.ids === undefined ? "sums" : "ids",
    compared: own.length,
    drifting,
    differences,
    gaps,
  };
};

const NOTHING = { events: 0, total_usage: 0 };
/** A producer unknown to the backend is compared by counts only: its dialect may not carry numbers. */
const findGaps = (
  own: readonly ProducerRow[],
  theirs: readonly BackendProducer[],
): readonly ProducerGap[] => {
  const seen = new Map(theirs.map((row) => [row.producer, row]));
  return own.flatMap(({ producer, last_seq, unacknowledged }) => {
    const there = seen.get(producer);
    if (there === undefined) return [];
    const absent = [...there.missing, { from: there.highest + 1, to: Number.POSITIVE_INFINITY }];
    const given = withoutRanges([{ from: 1, to: last_seq }], unacknowledged);
    const missing = withoutRanges(given, withoutRanges([{ from: 1, to: last_seq }], absent));
    return missing.length === 0 ? [] : [{ producer, missing }];
  });
};

const compareIds = (
  own: readonly LedgerId[],
  counted: readonly string[] | undefined,
): Pick<ReconcileDifference, "missing" | "undelivered" | "unknown"> => {
  if (counted === undefined) {
    const undelivered = own.filter(({ state }) => state !== "acknowledged");
    return { missing: [], undelivered, unknown: [] };
  }
  const there = new Set(counted);
  const known = new Set(own.map(({ event_id }) => event_id));
  const absent = own.filter(({ event_id }) => !there.has(event_id));
  return {
    missing: absent.filter(({ state }) => state === "acknowledged").map(({ event_id }) => event_id),
    undelivered: absent.filter(({ state }) => state !== "acknowledged"),
    unknown: [...there].filter((event_id) => !known.has(event_id)),
  };
};
