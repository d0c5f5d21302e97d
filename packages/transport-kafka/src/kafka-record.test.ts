import type { OutgoingEvent } from "@meter-lib/core/transport";
import { expect, test } from "vitest";
import { outgoingEvent } from "../../transport-fetch/test/outgoing-event.ts";
import { kafkaRecords } from "./kafka-record.ts";

const read = (event: OutgoingEvent) => {
  const { key, value, headers } = kafkaRecords("usage-events")(event, 1);
  return {
    key: key.toString(),
    value: value.toString(),
    headers: Object.fromEntries([...headers].map(([name, text]) => [name.toString(), text.toString()])),
  };
};

test("a volume event is the dialect's bytes, with the ids beside them", () => {
  expect(read(outgoingEvent({ metadata: { page: "前" } }))).toEqual({
    key: "cust_001",
    value:
      '{"meter_id":"page.processed.basic","customer_id":"cust_001","total_usage":24,"event_time":1759791552000,"metadata":{"page":"前"}}',
    headers: {
      "meter.event_id": "01a2b3c4-0000-7000-8000-000000000001",
      "meter.tenant_id": "tenant_123",
      "meter.device_id": "us-east-ing1",
      "meter.producer": "producer-1",
      "meter.seq": "7",
    },
  });
});

test("a performance event carries its own times, and its session", () => {
  const event = outgoingEvent({
    type: "performance",
    meter_id: "chat.on.time_hours",
    total_usage: undefined,
    start_time: 0,
    session_id: "session-1",
    producer: undefined,
    seq: undefined,
  });
  expect(read(event)).toEqual({
    key: "cust_001",
    value:
      '{"ai_event":true,"meter_id":"chat.on.time_hours","customer_id":"cust_001","metadata":{},"start_time":0}',
    headers: {
      "meter.event_id": "01a2b3c4-0000-7000-8000-000000000001",
      "meter.tenant_id": "tenant_123",
      "meter.device_id": "us-east-ing1",
      "meter.session_id": "session-1",
    },
  });
});

test("one customer's events go to one partition, however many customers there are", () => {
  const record = kafkaRecords("usage-events");
  const partitionOf = (customer_id: string) => record(outgoingEvent({ customer_id }), 6).partition;
  const before = partitionOf("cust_001");
  const others = Array.from({ length: 25_000 }, (_, n) => partitionOf(`cust-${n}`));
  expect(new Set(others).size).toBe(6);
  expect(partitionOf("cust_001")).toBe(before);
});
