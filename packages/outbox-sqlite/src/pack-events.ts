import { type EventRecord, usageTime } from "@meter-lib/core";
import { bodyText } from "./event-body.ts";
import { HOUR_MS, hourOf } from "./events-table.ts";
import { quoted } from "./metadata-json.ts";
import type { LooseEvents, PackedEvents } from "./packed-events.ts";

/** Events of one tenant and meter: their names as JSON, and the places of their sums by hour. */
interface Names {
  readonly tenant_id: string;
  readonly meter_id: string;
  readonly json: string;
  readonly hours: Map<number, number>;
}

/** The names that events have, each once. */
class NamesInUse {
  readonly #byTenant = new Map<string, Names[]>();

  of({ tenant_id, meter_id }: EventRecord): Names {
    let ofTenant = this.#byTenant.get(tenant_id);
    if (ofTenant === undefined) {
      ofTenant = [];
      this.#byTenant.set(tenant_id, ofTenant);
    }
    for (const names of ofTenant) if (names.meter_id === meter_id) return names;
    const names = {
      tenant_id,
      meter_id,
      json: `${quoted(tenant_id)},${quoted(meter_id)}`,
      hours: new Map<number, number>(),
    };
    ofTenant.push(names);
    return names;
  }
}

/** New events in the form that crosses to the store's thread, to become rows. */
export const looseEvents = (events: readonly EventRecord[]): LooseEvents => {
  const texts: string[] = [];
  const numbers = new Float64Array(events.length * 5);
  let at = 0;
  for (const event of events) {
    const usage_time = usageTime(event);
    texts.push(event.tenant_id, event.event_id, event.meter_id, bodyText(event, usage_time));
    numbers[at++] = usage_time;
    numbers[at++] = event.total_usage ?? Number.NaN;
    numbers[at++] = event.bytes;
    numbers[at++] = event.fingerprint;
    numbers[at++] = laneNumber(event);
  }
  return { texts, numbers };
};

const laneNumber = ({ lane }: EventRecord): number => (lane === "live" ? 0 : 1);

type Sum = [tenant_id: string, meter_id: string, hour: number, events: number, usage: number];

/** New events in the form that crosses to the store's thread and lies in a segment. */
export const packEvents = (events: readonly EventRecord[]): PackedEvents => {
  const inUse = new NamesInUse();
  const sums: Sum[] = [];
  const sumOf = new Uint32Array(events.length);
  const bytes = new Uint32Array(events.length);
  const usage = new Float64Array(events.length);
  let identities = "";
  let bodies = "";
  let minId = events[0]?.event_id ?? "";
  let maxId = minId;
  // Of the event before: mostly the same.
  let names: Names | undefined;
  let hour = Number.NaN;
  for (let place = 0; place < events.length; place++) {
    const event = events[place];
    if (event === undefined) continue;
    const { event_id, total_usage = null } = event;
    if (names === undefined || event.tenant_id !== names.tenant_id || event.meter_id !== names.meter_id)
      names = inUse.of(event);
    const usage_time = usageTime(event);
    // The hour begins anew only when the time has left it.
    if (!(usage_time >= hour && usage_time < hour + HOUR_MS)) hour = hourOf(usage_time);
    let sum = names.hours.get(hour);
    if (sum === undefined) {
      sum = sums.length;
      names.hours.set(hour, sum);
      sums.push([names.tenant_id, names.meter_id, hour, 0, 0]);
    }
    sumOf[place] = sum;
    bytes[place] = event.bytes;
    usage[place] = total_usage ?? 0;
    if (event_id < minId) minId = event_id;
    if (event_id > maxId) maxId = event_id;
    identities += `${place} [${quoted(event_id)},${names.json},${usage_time},${total_usage},${event.bytes},${event.fingerprint},${laneNumber(event)}]\n`;
    bodies += `${place} ${bodyText(event, usage_time)}\n`;
  }
  sumOf.forEach((sum, place) => {
    const line = sums[sum];
    if (line === undefined) return;
    line[3]++;
    line[4] += usage[place] ?? 0;
  });
  return { count: events.length, identities, bodies, sums, sumOf, bytes, usage, minId, maxId };
};
