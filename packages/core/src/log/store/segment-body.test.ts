import fc from "fast-check";
import { expect, test } from "vitest";
import { eventFields, usageEvent } from "../../event/usage-event.ts";
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

test("a text is read as the events that it was written from, and each line is their JSON", () => {
  fc.assert(
    fc.property(segment, (events) => {
      const text = bodyText(events);
      expect(eventsOf(text, events.length)).toEqual(events);
      const lines = events.flatMap((each, place) =>
        each === undefined ? [] : `${place} ${JSON.stringify(eventFields(each))}\n`,
      );
      expect(text).toBe(lines.join(""));
    }),
  );
});
