import { expect, test } from "vitest";
import type { OutgoingEvent } from "../event/usage-event.ts";
import { usageRecordValue } from "./usage-record.ts";

const event: OutgoingEvent = {
  event_id: "e-1",
  tenant_id: "t-1",
  device_id: "d-1",
  meter_id: "page.processed.basic",
  type: "volume",
  event_time: 1_759_791_552_000,
  total_usage: 24,
  start_time: undefined,
  end_time: undefined,
  metadata: undefined,
  session_id: undefined,
  customer_id: "c-1",
  producer: undefined,
  seq: undefined,
};

const performance = { ...event, type: "performance", total_usage: undefined } as const;

// The strict forms were recorded from the Python library, version 0.1.0.
test.each([
  [
    "volume",
    event,
    '{"meter_id":"page.processed.basic","customer_id":"c-1","total_usage":24,"event_time":1759791552000,"metadata":{}}',
  ],
  [
    "volume with metadata",
    { ...event, metadata: { rule_id: "r" } },
    '{"meter_id":"page.processed.basic","customer_id":"c-1","total_usage":24,"event_time":1759791552000,"metadata":{"rule_id":"r"}}',
  ],
  [
    "start",
    { ...performance, start_time: 0 },
    '{"ai_event":true,"meter_id":"page.processed.basic","customer_id":"c-1","metadata":{},"start_time":0}',
  ],
  [
    "both times",
    { ...performance, start_time: 1, end_time: 2 },
    '{"ai_event":true,"meter_id":"page.processed.basic","customer_id":"c-1","metadata":{},"start_time":1,"end_time":2}',
  ],
])("strictWire: %s", (_, outgoing, expected) => {
  expect(JSON.stringify(usageRecordValue(outgoing, { strictWire: true }))).toBe(expected);
});

test("otherwise the ids travel as text beside the user's metadata, as far as there are any", () => {
  const outgoing = { ...event, metadata: { rule_id: "r" }, session_id: "s-1", producer: "p-1", seq: 7 };
  const ids = { "meter.event_id": "e-1", "meter.tenant_id": "t-1", "meter.device_id": "d-1" };
  expect(usageRecordValue(outgoing).metadata).toEqual({
    rule_id: "r",
    ...ids,
    "meter.session_id": "s-1",
    "meter.producer": "p-1",
    "meter.seq": "7",
  });
  expect(usageRecordValue({ ...performance, end_time: 2 }).metadata).toEqual(ids);
});
