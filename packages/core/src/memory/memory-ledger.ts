import type { EventRecord } from "../event/event-record.ts";
import { usageTime } from "../event/usage-time.ts";
import type { LedgerRange, LedgerRow } from "../strategies/outbox-query.ts";

const HOUR_MS = 3_600_000;

/** The start of the hour (UTC) that an event counts in. */
export const hourOf = (event: EventRecord): number => Math.floor(usageTime(event) / HOUR_MS) * HOUR_MS;

type MutableRow = { -readonly [Field in keyof LedgerRow]: LedgerRow[Field] };

/** The rows of one meter and hour, by tenant. */
interface Page {
  readonly meter_id: string;
  readonly hour: number;
  readonly rows: Map<string, MutableRow>;
}

/** Sums by tenant, meter and hour. Holds the newest `maxRows`; older ones are forgotten. */
export class MemoryLedger {
  readonly #pages = new Map<string, Page>();
  readonly #maxRows: number;
  #size = 0;
  // Events of one meter and hour come in runs: the last page is looked at first.
  #last: Page | undefined;

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
    return [...this.#pages.values()]
      .filter(({ hour }) => hour >= from && hour < to)
      .flatMap(({ rows }) => [...rows.values()].map((row) => ({ ...row })));
  }

  #row(event: EventRecord): MutableRow {
    const { tenant_id, meter_id } = event;
    const hour = hourOf(event);
    const { rows } = this.#page(meter_id, hour);
    let row = rows.get(tenant_id);
    if (row === undefined) {
      if (this.#size >= this.#maxRows) this.#forgetOldest();
      row = {
        tenant_id,
        meter_id,
        hour,
        recorded: 0,
        acknowledged: 0,
        recorded_usage: 0,
        acknowledged_usage: 0,
      };
      this.#page(meter_id, hour).rows.set(tenant_id, row);
      this.#size++;
    }
    return row;
  }

  #page(meter_id: string, hour: number): Page {
    if (this.#last?.hour === hour && this.#last.meter_id === meter_id) return this.#last;
    const key = `${hour} ${meter_id}`;
    const page = this.#pages.get(key) ?? { meter_id, hour, rows: new Map() };
    this.#pages.set(key, page);
    this.#last = page;
    return page;
  }

  #forgetOldest(): void {
    const [key, page] = this.#pages.entries().next().value ?? [];
    const oldest = page?.rows.keys().next();
    if (key === undefined || page === undefined || oldest?.done !== false) return;
    page.rows.delete(oldest.value);
    this.#size--;
    if (page.rows.size > 0) return;
    this.#pages.delete(key);
    this.#last = undefined;
  }
}
