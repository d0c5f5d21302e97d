import type { EventRecord } from "../event/event-record.ts";
import { usageTime } from "../event/usage-time.ts";
import type { LedgerRange, LedgerRow } from "../strategies/outbox-query.ts";

const HOUR_MS = 3_600_000;

/** The start of the hour (UTC) that an event counts in. */
export const hourOf = (event: EventRecord): number => Math.floor(usageTime(event) / HOUR_MS) * HOUR_MS;

type MutableRow = { -readonly [Field in keyof LedgerRow]: LedgerRow[Field] };

/** Sums by tenant, meter and hour. Holds the newest `maxRows`; older ones are forgotten. */
export class MemoryLedger {
  readonly #rows = new Map<string, MutableRow>();
  readonly #maxRows: number;
  // Events of one tenant and meter come in runs: the last row is looked at first.
  #last: MutableRow | undefined;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  recorded(event: EventRecord): void {
    const row = this.#row(event);
    row.recorded++;
    row.recorded_usage += event.total_usage ?? 0;
  }

  acknowledged(event: EventRecord): void {
    const row = this.#row(event);
    row.acknowledged++;
    row.acknowledged_usage += event.total_usage ?? 0;
  }

  rows({
    from = Number.NEGATIVE_INFINITY,
    to = Number.POSITIVE_INFINITY,
  }: LedgerRange): readonly LedgerRow[] {
    return [...this.#rows.values()]
      .filter((row) => row.hour >= from && row.hour < to)
      .map((row) => ({ ...row }));
  }

  #row(event: EventRecord): MutableRow {
    const { tenant_id, meter_id } = event;
    const hour = hourOf(event);
    const last = this.#last;
    if (
      last !== undefined &&
      last.hour === hour &&
      last.meter_id === meter_id &&
      last.tenant_id === tenant_id
    )
      return last;
    const key = `${hour} ${meter_id} ${tenant_id}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = {
        tenant_id,
        meter_id,
        hour,
        recorded: 0,
        acknowledged: 0,
        recorded_usage: 0,
        acknowledged_usage: 0,
      };
      this.#rows.set(key, row);
      if (this.#rows.size > this.#maxRows) {
        const oldest = this.#rows.keys().next();
        if (!oldest.done) this.#rows.delete(oldest.value);
      }
    }
    this.#last = row;
    return row;
  }
}
