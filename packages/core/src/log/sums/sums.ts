import type { Correction } from "../../event/correction.ts";
import { HOUR_MS, startOfHour } from "../../event/hour.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import { usageTime } from "../../event/usage-time.ts";
import type { HourSums, LedgerCell } from "./hour-sums.ts";

/** Returns the start of the hour (UTC) in which an event counts. */
export const hourOf = (event: Pick<UsageEvent, "event_time" | "start_time" | "end_time">): number =>
  startOfHour(usageTime(event));

export interface EventSums {
  readonly sums: readonly HourSums[];
  /** See `NewSegment.sum_of`. */
  readonly sum_of: readonly number[] | undefined;
}

/** More than the events of a segment. */
const PLACES = 1_024;

/** Sums events by meter and hour, then by tenant. */
export const sumEvents = (events: readonly UsageEvent[], from = 0, to: number = events.length): EventSums => {
  const running = new RunningSums();
  for (let i = from; i < to; i++) {
    const event = events[i];
    if (event !== undefined) running.add(event);
  }
  return running.total;
};

/** The sums of events that come one by one. */
export class RunningSums {
  readonly #pages: Page[] = [];
  #count = 0;
  #sum_of: number[] | undefined;
  #page: Page | undefined;
  #tenant: string | undefined;
  #place = 0;

  add(event: UsageEvent): void {
    const { meter_id, tenant_id } = event;
    const time = usageTime(event);
    // Consecutive events often share meter, hour and tenant.
    if (this.#page === undefined || tenant_id !== this.#tenant || !this.#page.has(meter_id, time))
      this.#turnTo(tenant_id, meter_id, time);
    if (event.correction === undefined) this.#page?.add(event.total_usage ?? 0);
    else this.#correct(event, event.correction);
    this.#sum_of?.push(this.#place);
    this.#count++;
  }

  get total(): EventSums {
    const [first, second] = this.#pages;
    const isEachOfItsOwn = second === undefined && first?.tenants.length === this.#count;
    return {
      sums: this.#pages.map((page) => page.sums),
      sum_of: isEachOfItsOwn ? undefined : this.#sum_of,
    };
  }

  #turnTo(tenant_id: string, meter_id: string, time: number): void {
    const number = this.#numberOf(meter_id, time);
    const page = this.#pages[number] ?? new Page(meter_id, startOfHour(time));
    this.#pages[number] = page;
    this.#page = page;
    this.#tenant = tenant_id;
    this.#place = number * PLACES + page.turnTo(tenant_id);
    // All before it were in the first place.
    if (this.#place > 0) this.#sum_of ??= new Array<number>(this.#count).fill(0);
  }

  /** The index of the page of a meter and hour; of a new one if there is none. */
  #numberOf(meter_id: string, time: number): number {
    const number = this.#pages.findIndex((page) => page.has(meter_id, time));
    return number === -1 ? this.#pages.length : number;
  }

  /** Counts a correction: its own usage, unless it is a cancellation, in the place of what counted before. */
  #correct({ meter_id, tenant_id, total_usage = 0 }: UsageEvent, { kind, replaced }: Correction): void {
    if (kind === "amend") this.#page?.add(total_usage);
    else this.#page?.addUncounted();
    if (replaced === undefined) return;
    const number = this.#numberOf(meter_id, replaced.time);
    const before = this.#pages[number] ?? new Page(meter_id, startOfHour(replaced.time));
    this.#pages[number] = before;
    before.takeBack(tenant_id, replaced.usage);
  }
}

/** What an event adds to the sums. */
export const cellAt = (
  cells: readonly Pick<HourSums, "meter_id" | "hour" | "tenants">[],
  sum_of: readonly number[] | undefined,
  index: number,
): LedgerCell | undefined => {
  const place = sum_of?.[index] ?? (cells[0]?.tenants.length === 1 ? 0 : index);
  const page = cells[Math.floor(place / PLACES)];
  const tenant_id = page?.tenants[place % PLACES];
  return page === undefined || tenant_id === undefined
    ? undefined
    : { tenant_id, meter_id: page.meter_id, hour: page.hour };
};

/** The sums of one meter and hour while they are added up. */
class Page {
  readonly tenants: string[] = [];
  readonly #meter_id: string;
  readonly #hour: number;
  readonly #events: number[] = [];
  readonly #usage: number[] = [];
  /** Created with the first correction. */
  #uncounted: number[] | undefined;
  /** Created with the second tenant: most segments have one. */
  #places: Map<string, number> | undefined;
  #place = 0;

  constructor(meter_id: string, hour: number) {
    this.#meter_id = meter_id;
    this.#hour = hour;
  }

  get sums(): HourSums {
    return {
      meter_id: this.#meter_id,
      hour: this.#hour,
      tenants: this.tenants,
      events: this.#events,
      usage: this.#usage,
      uncounted: this.#uncounted && this.tenants.map((_, place) => this.#uncounted?.[place] ?? 0),
    };
  }

  has(meter_id: string, time: number): boolean {
    return this.#meter_id === meter_id && time >= this.#hour && time < this.#hour + HOUR_MS;
  }

  /** Selects the tenant that `add` counts for. Returns its index. */
  turnTo(tenant_id: string): number {
    this.#place = this.#placeOf(tenant_id);
    this.#events[this.#place] ??= 0;
    this.#usage[this.#place] ??= 0;
    return this.#place;
  }

  /** An event that does not count itself. */
  addUncounted(): void {
    this.add(0);
    this.#uncount();
  }

  /** Something of this tenant no longer counts. */
  takeBack(tenant_id: string, usage: number): void {
    this.turnTo(tenant_id);
    this.#usage[this.#place] = (this.#usage[this.#place] ?? 0) - usage;
    this.#uncount();
  }

  #uncount(): void {
    this.#uncounted ??= [];
    this.#uncounted[this.#place] = (this.#uncounted[this.#place] ?? 0) + 1;
  }

  add(usage: number): void {
    this.#events[this.#place] = (this.#events[this.#place] ?? 0) + 1;
    this.#usage[this.#place] = (this.#usage[this.#place] ?? 0) + usage;
  }

  #placeOf(tenant_id: string): number {
    if (this.tenants.length > 0) this.#places ??= new Map(this.tenants.map((each, place) => [each, place]));
    const known = this.#places?.get(tenant_id);
    if (known !== undefined) return known;
    const place = this.tenants.push(tenant_id) - 1;
    this.#places?.set(tenant_id, place);
    return place;
  }
}
