import { escaped, quoted } from "../../event/json-text.ts";
import { eventFields, eventOfFields, type UsageEvent } from "../../event/usage-event.ts";
import type { SegmentBody } from "./tables.ts";

/**
 * Events as text, one line each: its index (0, 1, 2 …), a space, and its fields as JSON; or, where an earlier event has the same tenant,
 * device and meter, only `[index of that event, event_id, event_time, total_usage]`.
 */
export const bodyText = (events: readonly (UsageEvent | undefined)[]): string => {
  let text = "";
  /** By meter, the last event that was written whole. */
  const wholes = new Map<string, { readonly event: UsageEvent; readonly place: number }>();
  events.forEach((event, place) => {
    if (event === undefined) return;
    if (!isPlain(event)) {
      text += `${place} ${JSON.stringify(eventFields(event))}\n`;
      return;
    }
    const { event_id, tenant_id, device_id, meter_id, type, event_time, total_usage } = event;
    const whole = wholes.get(meter_id);
    if (whole !== undefined && isAlike(event, whole.event)) {
      text += `${place} [${whole.place},"${escaped(event_id)}",${event_time},${total_usage}]\n`;
      return;
    }
    wholes.set(meter_id, { event, place });
    const names = `${quoted(tenant_id)},${quoted(device_id)},${quoted(meter_id)},${quoted(type)}`;
    text += `${place} ["${escaped(event_id)}",${names},${event_time},${total_usage}]\n`;
  });
  return text;
};

const isAlike = (one: UsageEvent, other: UsageEvent): boolean =>
  one.tenant_id === other.tenant_id && one.device_id === other.device_id && one.type === other.type;

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
 * undefined, and so is one that refers to it.
 */
export const eventsOf = (
  body: SegmentBody | undefined,
  count: number,
): readonly (UsageEvent | undefined)[] => {
  if (body === undefined) return Array.from({ length: count }, () => undefined);
  if (typeof body !== "string")
    return body.length === count ? body : Array.from({ length: count }, (_, i) => body[i]);
  const lines = new Array<unknown>(count).fill(undefined);
  const seen = new Set<number>();
  for (const line of body.split("\n")) {
    const space = line.indexOf(" ");
    const place = space < 1 ? Number.NaN : Number(line.slice(0, space));
    if (!Number.isInteger(place) || place < 0 || place >= count) continue;
    lines[place] = seen.has(place) ? undefined : parsed(line.slice(space + 1));
    seen.add(place);
  }
  return lines.map((line) => eventOfFields(whole(line, lines)));
};

/** The fields of an event, including those that it shares with an earlier one. */
const whole = (line: unknown, lines: readonly unknown[]): unknown => {
  if (!Array.isArray(line) || typeof line[0] !== "number") return line;
  const [place, event_id, ...rest]: readonly unknown[] = line;
  const other = lines[Number(place)];
  return Array.isArray(other) ? [event_id, ...other.slice(1, 5), ...rest] : undefined;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
