import type { MeterType, UsageEvent } from "@meter-lib/core";
import { parseJson, readMetadata } from "./metadata-json.ts";

/** What of an event is not a column of its own. */
export type EventBody = Pick<
  UsageEvent,
  "device_id" | "type" | "event_time" | "start_time" | "end_time" | "metadata" | "session_id"
>;

/** The body as text. The event's time is the column `usage_time`, unless the event counts at another time. */
export const bodyText = (event: EventBody, usage_time: number): string => {
  const { device_id, type, start_time, end_time, metadata, session_id } = event;
  const event_time = event.event_time === usage_time ? undefined : event.event_time;
  return JSON.stringify({ device_id, type, event_time, start_time, end_time, metadata, session_id });
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
