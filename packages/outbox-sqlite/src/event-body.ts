import type { MeterType, UsageEvent } from "@meter-lib/core";
import { parseJson, quoted, readMetadata } from "./metadata-json.ts";

/** What of an event is not a column of its own. */
export type EventBody = Pick<
  UsageEvent,
  "device_id" | "type" | "event_time" | "start_time" | "end_time" | "metadata" | "session_id"
>;

/**
 * The body as JSON. The event's time is the column `usage_time`, unless the event counts at another time. Put together by hand: most
 * bodies have two fields, and a text for each event is most of what recording costs here.
 */
export const bodyText = (event: EventBody, usage_time: number): string => {
  const { event_time, start_time, end_time, metadata, session_id } = event;
  let rest = "";
  if (event_time !== usage_time) rest += `,"event_time":${event_time}`;
  if (start_time !== undefined) rest += `,"start_time":${start_time}`;
  if (end_time !== undefined) rest += `,"end_time":${end_time}`;
  if (metadata !== undefined) rest += `,"metadata":${JSON.stringify(metadata)}`;
  if (session_id !== undefined) rest += `,"session_id":${quoted(session_id)}`;
  return `{"device_id":${quoted(event.device_id)},"type":"${event.type}"${rest}}`;
};

const readTime = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** Fields that this version does not know are left out; they stay in the file. A damaged text has no fields. */
export const parseBody = (text: string, usage_time: number, total_usage: number | undefined): EventBody => {
  const body = parseJson(text);
  const fields: Readonly<Record<string, unknown>> =
    typeof body === "object" && body !== null ? { ...body } : {};
  const { device_id, type, event_time, start_time, end_time, metadata, session_id } = fields;
  const guessed: MeterType = total_usage === undefined ? "performance" : "volume";
  return {
    device_id: typeof device_id === "string" ? device_id : "",
    type: type === "volume" || type === "performance" ? type : guessed,
    event_time: readTime(event_time) ?? usage_time,
    start_time: readTime(start_time),
    end_time: readTime(end_time),
    metadata: readMetadata(metadata),
    session_id: typeof session_id === "string" ? session_id : undefined,
  };
};
