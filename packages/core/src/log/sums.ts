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
  let byKey: Map<string, number> | undefined;
  let sum_of: number[] | undefined;
  let last: MutableSum | undefined;
  let place = 0;
  for (let i = from; i < to; i++) {
    const event = events[i];
    if (event === undefined) continue;
    const { tenant_id, meter_id } = event;
    const time = usageTime(event);
    if (
      last === undefined ||
      last.meter_id !== meter_id ||
      last.tenant_id !== tenant_id ||
      time < last.hour ||
      time >= last.hour + HOUR_MS
    ) {
      const hour = Math.floor(time / HOUR_MS) * HOUR_MS;
      if (last !== undefined && byKey === undefined) {
        byKey = new Map([[keyOf(last.tenant_id, last.meter_id, last.hour), 0]]);
        sum_of = new Array<number>(i - from).fill(0);
      }
      const key = keyOf(tenant_id, meter_id, hour);
      place = byKey?.get(key) ?? sums.length;
      last = sums[place];
      if (last === undefined) {
        last = { tenant_id, meter_id, hour, events: 0, usage: 0 };
        sums.push(last);
        byKey?.set(key, place);
      }
    }
    last.events++;
    last.usage += event.total_usage ?? 0;
    sum_of?.push(place);
  }
  return { sums, sum_of };
};

// No id has a control character.
const keyOf = (tenant_id: string, meter_id: string, hour: number): string =>
  `${hour}\n${meter_id}\n${tenant_id}`;
