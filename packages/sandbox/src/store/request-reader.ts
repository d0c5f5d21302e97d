import type { DatabaseSync } from "node:sqlite";
import { isObject } from "../wire/field-issue.ts";
import { parseEventsRequest } from "../wire/parse-events-request.ts";
import { parseKafkaRestRequest } from "../wire/parse-kafka-rest-request.ts";
import type { ReceivedEvent } from "../wire/received-event.ts";
import { textIn, textOrNullIn } from "./column.ts";

/** Reads the events of a logged request again. Cheaper than keeping a second form of every event, as repeats are rare. */
export const createRequestReader = (
  database: DatabaseSync,
): ((request: number) => readonly ReceivedEvent[]) => {
  const select = database.prepare("SELECT dialect, headers, body FROM requests WHERE id = ?");
  return (request) => {
    const row = select.get(request);
    if (row === undefined) return [];
    const body = textOrNullIn(row, "body") ?? "";
    if (textIn(row, "dialect") === "kafka-rest") {
      const events = parseKafkaRestRequest(body);
      return "status" in events ? [] : events;
    }
    const headers: unknown = JSON.parse(textIn(row, "headers"));
    const event = parseEventsRequest(isObject(headers) ? textsOf(headers) : {}, body);
    return "status" in event ? [] : [event];
  };
};

const textsOf = (headers: Record<string, unknown>): Record<string, string> => {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (typeof value === "string") texts[name] = value;
  return texts;
};
