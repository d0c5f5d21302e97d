import { escaped, quoted } from "../../event/json-text.ts";
import { eventFields, eventOfFields, type UsageEvent } from "../../event/usage-event.ts";
import type { SegmentBody } from "./tables.ts";

/** Events as text, one line each: its index (0, 1, 2 …), a space, and its fields as JSON. */
export const bodyText = (events: readonly (UsageEvent | undefined)[]): string => {
  let text = "";
  // Consecutive events often share all but id, time and usage: what they share is written once.
  let last: UsageEvent | undefined;
  let shared = "";
  events.forEach((event, place) => {
    if (event === undefined) return;
    if (!isPlain(event)) {
      text += `${place} ${JSON.stringify(eventFields(event))}\n`;
      return;
    }
    const { event_id, tenant_id, device_id, meter_id, type, event_time, total_usage } = event;
    if (
      tenant_id !== last?.tenant_id ||
      device_id !== last.device_id ||
      meter_id !== last.meter_id ||
      type !== last.type
    ) {
      last = event;
      shared = [quoted(tenant_id), quoted(device_id), quoted(meter_id), quoted(type)].join(",");
    }
    text += `${place} ["${escaped(event_id)}",${shared},${event_time},${total_usage}]\n`;
  });
  return text;
};

/** Whether it has no field after `total_usage`. */
const isPlain = (event: UsageEvent): boolean =>
  event.total_usage !== undefined &&
  event.start_time === undefined &&
  event.end_time === undefined &&
  event.metadata === undefined &&
  event.session_id === undefined &&
  event.correction === undefined;

/** Converts events to the form that a store or a thread takes. */
export const bodyOf = (events: readonly (UsageEvent | undefined)[], form: "events" | "text"): SegmentBody =>
  form === "text" ? bodyText(events) : events.filter((event) => event !== undefined);

/**
 * Parses a body. The indexes assign the lines of a damaged text to their events; an event whose line is missing, damaged or duplicated is
 * undefined.
 */
export const eventsOf = (
  body: SegmentBody | undefined,
  count: number,
): readonly (UsageEvent | undefined)[] => {
  if (body === undefined) return Array.from({ length: count }, () => undefined);
  if (typeof body !== "string")
    return body.length === count ? body : Array.from({ length: count }, (_, i) => body[i]);
  const events = new Array<UsageEvent | undefined>(count).fill(undefined);
  const seen = new Set<number>();
  for (const line of body.split("\n")) {
    const space = line.indexOf(" ");
    const place = space < 1 ? Number.NaN : Number(line.slice(0, space));
    if (!Number.isInteger(place) || place < 0 || place >= count) continue;
    events[place] = seen.has(place) ? undefined : parseEvent(line.slice(space + 1));
    seen.add(place);
  }
  return events;
};

const parseEvent = (text: string): UsageEvent | undefined => {
  try {
    return eventOfFields(JSON.parse(text));
  } catch {
    return undefined;
  }
};
