import { type SeqRange, withoutRanges } from "../event/seq-range.ts";
import type { LedgerId, LedgerKey, LedgerRange, LedgerRow, ProducerRow } from "../log/outbox-query.ts";
import type { Promisable } from "../strategies/promisable.ts";

/** The backend's side of a reconciliation: what it counted. */
export interface ReconcileBackend {
  /** Counts by tenant, meter and hour of event time. */
  ledger(range: LedgerRange): Promise<readonly BackendLedgerRow[]>;
  /** The ids behind one of them. */
  ids(row: LedgerKey): Promise<readonly string[]>;
  /** The producers' numbers that arrived. Left out by a backend that does not look at them. */
  producers?(): Promise<readonly BackendProducer[]>;
}

export interface BackendProducer {
  readonly producer: string;
  /** The highest number that arrived. */
  readonly highest: number;
  /** Numbers below it that did not. Ascending. */
  readonly missing: readonly SeqRange[];
}

export interface BackendLedgerRow extends LedgerKey {
  readonly events: number;
  /** Sum of `total_usage`. */
  readonly total_usage: number;
}

/** The own side: an outbox, by itself or behind the engine. */
export interface ReconcileSource {
  ledger(range: LedgerRange): Promisable<readonly LedgerRow[]>;
  ledgerIds(row: LedgerKey): Promisable<readonly LedgerId[]>;
  producers?(): Promisable<readonly ProducerRow[]>;
}

export interface Reconciliation {
  /** Whether the backend counted exactly what was recorded here, and nothing that was acknowledged is missing there. */
  readonly agrees: boolean;
  /** Rows compared. */
  readonly compared: number;
  readonly differences: readonly ReconcileDifference[];
  readonly gaps: readonly ProducerGap[];
}

/** Numbers of one producer that were acknowledged here and never arrived there; whatever the hour. */
export interface ProducerGap {
  readonly producer: string;
  readonly missing: readonly SeqRange[];
}

/** One tenant, meter and hour in which the two sides differ. */
export interface ReconcileDifference extends LedgerKey {
  readonly recorded: number;
  readonly acknowledged: number;
  readonly counted: number;
  readonly acknowledged_usage: number;
  readonly counted_usage: number;
  /** Acknowledged here, not counted there: lost behind the backend's back. As far as ids are still kept here. */
  readonly missing: readonly string[];
  /** Recorded here, not counted there, and not acknowledged either: still waiting, or dead letters. */
  readonly undelivered: readonly LedgerId[];
  /** Counted there, unknown here: of another producer, or older than the ids kept here. */
  readonly unknown: readonly string[];
}

const keyOf = ({ tenant_id, meter_id, hour }: LedgerKey): string => `${hour} ${meter_id} ${tenant_id}`;

/** Compares what was recorded with what was counted. Only tenants and meters that were recorded here are looked at. */
export const reconcile = async (
  source: ReconcileSource,
  backend: ReconcileBackend,
  range: LedgerRange,
): Promise<Reconciliation> => {
  // The own numbers first: what was acknowledged by then must have arrived by then.
  const producers = (await source.producers?.()) ?? [];
  const gaps = findGaps(producers, (await backend.producers?.()) ?? []);
  const [own, theirs] = await Promise.all([source.ledger(range), backend.ledger(range)]);
  const counted = new Map(theirs.map((row) => [keyOf(row), row]));
  const differences: ReconcileDifference[] = [];
  for (const row of own) {
    const there = counted.get(keyOf(row));
    const difference = {
      tenant_id: row.tenant_id,
      meter_id: row.meter_id,
      hour: row.hour,
      recorded: row.recorded,
      acknowledged: row.acknowledged,
      counted: there?.events ?? 0,
      acknowledged_usage: row.acknowledged_usage,
      counted_usage: there?.total_usage ?? 0,
    };
    if (difference.recorded === difference.counted && row.recorded_usage === difference.counted_usage)
      continue;
    const [ids, countedIds] = await Promise.all([source.ledgerIds(row), backend.ids(row)]);
    differences.push({ ...difference, ...compareIds(ids, new Set(countedIds)) });
  }
  return { agrees: differences.length + gaps.length === 0, compared: own.length, differences, gaps };
};

/** A producer that the backend never heard of is left to the counts: its wire may not carry numbers. */
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

const compareIds = (own: readonly LedgerId[], counted: ReadonlySet<string>) => {
  const known = new Set(own.map(({ event_id }) => event_id));
  const absent = own.filter(({ event_id }) => !counted.has(event_id));
  return {
    missing: absent.filter(({ state }) => state === "acknowledged").map(({ event_id }) => event_id),
    undelivered: absent.filter(({ state }) => state !== "acknowledged"),
    unknown: [...counted].filter((event_id) => !known.has(event_id)),
  };
};
