import { type EventRecord, usageTime } from "@meter-lib/core";
import { bodyText } from "./event-body.ts";
import { hourOf } from "./events-table.ts";
import type { PackedEvents, UsageSum } from "./packed-events.ts";

/** Sums by tenant, meter and hour, each under a number. Events of one come in runs: the last is looked at first. */
class Sums {
  readonly #places = new Map<string, Map<string, Map<number, number>>>();
  readonly #sums: [tenant_id: string, meter_id: string, hour: number, events: number, usage: number][] = [];
  #last: UsageSum | undefined;
  #lastPlace = 0;

  get list(): readonly UsageSum[] {
    return this.#sums;
  }

  add({ tenant_id, meter_id }: EventRecord, hour: number, usage: number): number {
    const last = this.#last;
    const isSame = last?.[0] === tenant_id && last[1] === meter_id && last[2] === hour;
    const place = isSame ? this.#lastPlace : this.#placeOf(tenant_id, meter_id, hour);
    const sum = this.#sums[place];
    if (sum === undefined) {
      this.#sums[place] = [tenant_id, meter_id, hour, 1, usage];
    } else {
      sum[3]++;
      sum[4] += usage;
    }
    this.#last = this.#sums[place];
    this.#lastPlace = place;
    return place;
  }

  #placeOf(tenant_id: string, meter_id: string, hour: number): number {
    let meters = this.#places.get(tenant_id);
    if (meters === undefined) {
      meters = new Map();
      this.#places.set(tenant_id, meters);
    }
    let hours = meters.get(meter_id);
    if (hours === undefined) {
      hours = new Map();
      meters.set(meter_id, hours);
    }
    let place = hours.get(hour);
    if (place === undefined) {
      place = this.#sums.length;
      hours.set(hour, place);
    }
    return place;
  }
}

// What JSON has to escape, and all that may need it.
const UNSAFE = /[^ !#-[\]-~]/;

const quoted = (text: string): string => (UNSAFE.test(text) ? JSON.stringify(text) : `"${text}"`);

/** New events in the form that crosses to the store's thread, and lies in a segment. */
export const packEvents = (events: readonly EventRecord[]): PackedEvents => {
  const sums = new Sums();
  const sumOf = new Uint32Array(events.length);
  const bytes = new Uint32Array(events.length);
  const usage = new Float64Array(events.length);
  let identities = "";
  let bodies = "";
  let minId = events[0]?.event_id ?? "";
  let maxId = minId;
  // Of the event before: mostly the same.
  let tenant_id = "";
  let meter_id = "";
  let names = '"",""';
  for (let place = 0; place < events.length; place++) {
    const event = events[place];
    if (event === undefined) continue;
    const { event_id } = event;
    if (event.tenant_id !== tenant_id || event.meter_id !== meter_id) {
      ({ tenant_id, meter_id } = event);
      names = `${quoted(tenant_id)},${quoted(meter_id)}`;
    }
    const usage_time = usageTime(event);
    const total_usage = event.total_usage ?? null;
    sumOf[place] = sums.add(event, hourOf(usage_time), total_usage ?? 0);
    bytes[place] = event.bytes;
    usage[place] = total_usage ?? 0;
    if (event_id < minId) minId = event_id;
    if (event_id > maxId) maxId = event_id;
    const lane = event.lane === "live" ? 0 : 1;
    identities += `${place} [${quoted(event_id)},${names},${usage_time},${total_usage},${event.bytes},${event.fingerprint},${lane}]\n`;
    bodies += `${place} ${bodyText(event, usage_time)}\n`;
  }
  return {
    count: events.length,
    identities,
    bodies,
    sums: sums.list,
    sumOf,
    bytes,
    usage,
    minId,
    maxId,
  };
};
