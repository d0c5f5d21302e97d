import { MeterError } from "@meter-lib/core/transport";
import { expect, test } from "vitest";
import { kafkaTransport } from "./kafka-transport.ts";
import { checkOptions, type KafkaTransportOptions } from "./kafka-transport-options.ts";

const refusal = (options: unknown): string => {
  try {
    checkOptions(options);
  } catch (error) {
    if (error instanceof MeterError && error.code === "invalid_options") return error.message;
    throw error;
  }
  return "taken";
};
const brokers = ["127.0.0.1:9092"];

test("only the brokers have no default", () => {
  expect(refusal({})).toContain("brokers");
  const transport = kafkaTransport({ brokers });
  expect(transport).toMatchObject({
    name: "kafka usage-events",
    limits: { maxInFlight: 4 },
    receiver: { dedup: false },
  });
});

test.each([
  [{ brokers: [] }, "brokers"],
  [{ brokers: ["kafka-1"] }, "brokers.0"],
  [{ brokers: ["kafka://kafka-1:9092"] }, "brokers.0"],
  [{ brokers: ["kafka-1:0"] }, "brokers.0"],
  [{ brokers, topic: "a topic" }, "topic"],
  [{ brokers, topic: ".." }, "topic"],
  [{ brokers, clientId: "my client" }, "clientId"],
  [{ brokers, producers: 0 }, "producers"],
  [{ brokers, producers: 1.5 }, "producers"],
  [{ brokers, compression: "brotli" }, "compression"],
  [{ brokers, sasl: { mechanism: "GSSAPI" } }, "sasl.mechanism"],
  [{ brokers, sasl: { mechanism: "PLAIN", username: "u" } }, "sasl.password"],
  [{ brokers, tls: "yes" }, "tls"],
  [{ brokers, timeoutMs: 0 }, "timeoutMs"],
  [{ brokers, dedup: { windowMs: 0 } }, "dedup"],
  [{ brokers, corrections: { cancelMs: 0 } }, "corrections"],
  [{ brokers, acks: 1 }, "acks"],
])("%j is refused by name", (options, field) => {
  expect(refusal(options)).toContain(field);
});

test("brokers by name, by IPv4 and by IPv6 address are taken", () => {
  expect(refusal({ brokers: ["kafka-1.example.com:9093", "10.0.0.1:9092", "[::1]:9092"] })).toBe("taken");
});

test("no secret is repeated in an error", () => {
  const sasl = { mechanism: "PLAIN", username: "u", password: ["hunter2"] };
  const message = refusal({ brokers, sasl });
  expect(message).toContain("sasl.password");
  expect(message).not.toContain("hunter2");
  expect(refusal({ brokers: ["user:hunter2@kafka-1:9092"] })).toBe(
    "brokers.0: expected host:port, got text with an @, as credentials have it",
  );
});

test("metadata that looks like an id of ours is refused before it is recorded", () => {
  const transport = kafkaTransport({ brokers });
  const event = {
    event_id: "e",
    tenant_id: "t",
    device_id: "d",
    meter_id: "page.processed.basic",
    type: "volume" as const,
    event_time: 0,
    total_usage: 1,
    start_time: undefined,
    end_time: undefined,
    session_id: undefined,
  };
  expect(transport.check?.event?.({ ...event, metadata: { "meter.event_id": "x" } })?.field).toBe(
    "metadata.meter.event_id",
  );
  expect(transport.check?.event?.({ ...event, metadata: { meter: "x" } })).toBeUndefined();
});

test("corrections are carried out at any time, for as long as is said, or not at all", () => {
  const taken = (corrections?: KafkaTransportOptions["corrections"]) =>
    kafkaTransport({ brokers, corrections }).receiver?.corrections;
  expect(taken(true)).toEqual({ cancelMs: Number.POSITIVE_INFINITY, amendMs: Number.POSITIVE_INFINITY });
  expect(taken({ cancelMs: 1_000 })).toEqual({ cancelMs: 1_000 });
  expect(taken()).toBeUndefined();
});
