import fc from "fast-check";
import { expect, test } from "vitest";
import { type UsageEvent, usageEvent } from "../../event/usage-event.ts";
import { bodyText, eventsOf } from "./segment-body.ts";

const name = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("tenant_123", 'quo"te', "back\\slash", "new\nline"),
);
const token = fc.oneof(
  fc.string({ unit: "grapheme-ascii", minLength: 1 }),
  fc.constantFrom("order-7", 'quo"ted', "back\\slash"),
);
const time = fc.integer({ min: 0, max: 1e14 });
const plain = {
  event_id: token,
  tenant_id: name,
  device_id: name,
  meter_id: fc.constantFrom("page.processed.basic", "a.b"),
  type: fc.constantFrom("volume" as const, "performance" as const),
  event_time: time,
  total_usage: fc.nat(Number.MAX_SAFE_INTEGER),
};
const others = {
  start_time: time,
  end_time: time,
  metadata: fc.dictionary(name, name, { maxKeys: 3 }),
  session_id: token,
};
const event = fc
  .oneof(
    fc.record(plain),
    fc.record(
      { ...plain, ...others },
      { requiredKeys: ["event_id", "tenant_id", "device_id", "meter_id", "type", "event_time"] },
    ),
  )
  .map(usageEvent);

/** Two events that differ in one field. */
const neighbours = fc
  .tuple(event, fc.record(plain), fc.constantFrom(...Object.keys(plain)))
  .map(([one, other, field]) => [
    one,
    usageEvent({ ...one, ...Object.fromEntries(Object.entries(other).filter(([key]) => key === field)) }),
  ]);
const segment = fc
  .array(
    fc.oneof(
      fc.constant([undefined]),
      event.map((one) => [one]),
      neighbours,
    ),
    { maxLength: 10 },
  )
  .map((parts) => parts.flat());

test("a text is read as the events that it was written from", () => {
  fc.assert(
    fc.property(segment, (events) => {
      expect(eventsOf(bodyText(events), events.length)).toEqual(events);
    }),
  );
});

test("names that an event shares with an earlier one of its meter are not repeated", () => {
  const of = (event_id: string, meter_id: string, changes = {}): UsageEvent =>
    usageEvent({
      event_id,
      tenant_id: "tenant_123",
      device_id: "eu-1",
      meter_id,
      type: "volume",
      event_time: 7,
      total_usage: 3,
      ...changes,
    });
  const events = [of("a", "x"), of("b", "y"), of("c", "x"), of("d", "y", { device_id: "eu-2" })];
  expect(bodyText(events).split("\n")).toEqual([
    '0 ["a","tenant_123","eu-1","x","volume",7,3]',
    '1 ["b","tenant_123","eu-1","y","volume",7,3]',
    '2 [0,"c",7,3]',
    '3 ["d","tenant_123","eu-2","y","volume",7,3]',
    "",
  ]);
});

test("a damaged line costs its event, and those that refer to it", () => {
  fc.assert(
    fc.property(segment, fc.nat(), fc.constantFrom("", "?", "x [1]", "{}"), (events, at, damage) => {
      const lines = bodyText(events).split("\n").slice(0, -1);
      fc.pre(lines.length > 0);
      const [damaged = ""] = lines.splice(at % lines.length, 1, damage);
      const place = damaged.split(" ")[0];
      const read = eventsOf(lines.join("\n"), events.length);
      events.forEach((event, i) => {
        const isLost = String(i) === place || lines.some((line) => line.startsWith(`${i} [${place},`));
        if (!isLost) expect(read[i]).toEqual(event);
        else expect(read[i]).toBeUndefined();
      });
    }),
  );
});
