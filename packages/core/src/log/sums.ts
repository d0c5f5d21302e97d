import type { UsageEvent } from "../event/usage-event.ts";
import { usageTime } from "../event/usage-time.ts";
import type { Sum } from "./outbox.ts";

const HOUR_MS = 3_600_000;

/** The start of the hour (UTC) that an event counts in. */
export const hourOf = (event: Pick<UsageEvent, "event_time" | "start_time" | "end_time">): number =>
  Math.floor(usageTime(event) / HOUR_MS) * HOUR_MS;

type MutableSum = { -readonly [Field in keyof Sum]: Sum[Field] };

export interface EventSums {
  readonly sums: readonly Sum[];
  /** Which of the sums each event is in; undefined where there is one. */
  readonly sum_of: readonly number[] | undefined;
}

/** Adds events up, by tenant, meter and hour. */
export const sumEvents = (events: readonly UsageEvent[], from = 0, to: number = events.length): EventSums => {
  const sums: MutableSum[] = [];
  // Both are made with the second sum: most segments have one.
  let pages: Pages | undefined;
  let sum_of: number[] | undefined;
  let last: MutableSum | undefined;
  let place = 0;
  for (let i = from; i < to; i++) {
    const event = events[i];
    if (event === undefined) continue;
    const { tenant_id, meter_id } = event;
    const time = usageTime(event);
    const isOnPage =
      last !== undefined && last.meter_id === meter_id && time >= last.hour && time < last.hour + HOUR_MS;
    if (last === undefined || !isOnPage || last.tenant_id !== tenant_id) {
      const hour = Math.floor(time / HOUR_MS) * HOUR_MS;
      if (last !== undefined && pages === undefined) {
        pages = new Pages();
        pages.at(last.meter_id, last.hour).set(last.tenant_id, 0);
        sum_of = new Array<number>(i - from).fill(0);
      }
      const page = pages?.at(meter_id, hour);
      place = page?.get(tenant_id) ?? sums.length;
      last = sums[place];
      if (last === undefined) {
        last = { tenant_id, meter_id, hour, events: 0, usage: 0 };
        sums.push(last);
        page?.set(tenant_id, place);
      }
    }
    last.events++;
    last.usage += event.total_usage ?? 0;
    sum_of?.push(place);
  }
  return { sums, sum_of };
};

/** Places by meter and hour, then by tenant. Events of one meter and hour come in runs: the last page is looked at first. */
class Pages {
  readonly #pages = new Map<string, Map<string, number>>();
  #meter_id = "";
  #hour = -1;
  #last = new Map<string, number>();

  at(meter_id: string, hour: number): Map<string, number> {
    if (this.#hour === hour && this.#meter_id === meter_id) return this.#last;
    const key = `${hour} ${meter_id}`;
    const page = this.#pages.get(key) ?? new Map<string, number>();
    this.#pages.set(key, page);
    this.#meter_id = meter_id;
    this.#hour = hour;
    this.#last = page;
    return page;
  }
}
