import {
  describeValue,
  type EventIssue,
  type OutgoingEvent,
  type UsageEvent,
} from "@meter-lib/core/transport";
import { HEADER_TEXT, isHeaderText } from "@meter-lib/core/wire";
import type { Dialect, Part } from "./dialect.ts";
import { judgeEventsAnswer } from "./judge-events-answer.ts";

/**
 * The dialect of the usage guide: one event per `POST /api/v1/events`, with tenant and device as headers. Without `strictWire`,
 * headers also carry the event's id and time, so that a receiver can deduplicate it and count it on the right day.
 */
export const eventsDialect = (strictWire: boolean): Dialect => ({
  name: "events",
  path: "/api/v1/events",
  limits: {
    maxBatchEvents: 1,
    maxBatchBytes: 512 * 1024,
    maxInFlight: 64,
  },
  maxAnswerBytes: 64 * 1024,
  check: {
    event: (event) => checkEvent(event, strictWire),
    meter: ({ meter_id, hasMetadata }) =>
      hasMetadata
        ? {
            field: `catalog.${meter_id}.metadata`,
            given: "a schema that takes no event without metadata",
            expected: NO_METADATA,
          }
        : undefined,
  },
  *encode(events) {
    for (const event of events) yield encodeEvent(event, strictWire);
  },
  judge: (answer, _events, now) => judgeEventsAnswer(answer, now),
});

const NO_METADATA = 'none: the dialect "events" has no place for metadata ("kafka-rest" has)';

const checkEvent = (event: UsageEvent, strictWire: boolean): EventIssue | undefined => {
  if (event.metadata !== undefined && Object.keys(event.metadata).length > 0) {
    return {
      field: "metadata",
      given: `${Object.keys(event.metadata).length} entries`,
      expected: NO_METADATA,
    };
  }
  return (
    headerIssue("tenant_id", event.tenant_id) ??
    headerIssue("device_id", event.device_id) ??
    (strictWire
      ? undefined
      : (headerIssue("event_id", event.event_id) ?? headerIssue("session_id", event.session_id)))
  );
};

const headerIssue = (field: string, text: string | undefined): EventIssue | undefined =>
  text === undefined || isHeaderText(text)
    ? undefined
    : { field, given: describeValue(text), expected: HEADER_TEXT };

const encodeEvent = (event: OutgoingEvent, strictWire: boolean): Part => {
  const { meter_id, total_usage, start_time, end_time, customer_id } = event;
  const issue = checkEvent(event, strictWire);
  if (issue !== undefined) {
    return {
      rejected: {
        state: "rejected",
        reason: `${issue.field}: expected ${issue.expected}, got ${issue.given}`,
      },
    };
  }
  const headers: Record<string, string> = {
    accept: "*/*",
    "content-type": "application/json",
    "x-tenant-id": event.tenant_id,
    "x-device-id": event.device_id,
  };
  if (!strictWire) {
    headers["idempotency-key"] = event.event_id;
    headers["x-event-time"] = String(event.event_time);
    if (event.producer !== undefined) headers["x-producer"] = event.producer;
    if (event.seq !== undefined) headers["x-seq"] = String(event.seq);
    if (event.session_id !== undefined) headers["x-session-id"] = event.session_id;
  }
  return {
    events: 1,
    headers,
    body: JSON.stringify({ meter_id, total_usage, start_time, end_time, customer_id }),
  };
};
