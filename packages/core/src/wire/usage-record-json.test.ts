import fc from "fast-check";
import { expect, test } from "vitest";
import type { OutgoingEvent } from "../event/usage-event.ts";
import { usageRecordJson, usageRecordValue } from "./usage-record.ts";

const text = fc.oneof(
  fc.constantFrom("a", "t-1", 'say "hi"', "日本", "back\\slash"),
  fc.string({ unit: "binary" }),
);
/** As `record()` takes it. */
const token = fc.stringMatching(/^[\x21-\x7e]{1,20}$/);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const outgoing: fc.Arbitrary<OutgoingEvent> = fc.record({
  event_id: token,
  tenant_id: text,
  device_id: text,
  meter_id: text,
  customer_id: text,
  type: fc.constantFrom("volume" as const, "performance" as const),
  event_time: fc.nat(),
  total_usage: maybe(fc.maxSafeNat()),
  start_time: maybe(fc.maxSafeNat()),
  end_time: maybe(fc.maxSafeNat()),
  metadata: maybe(fc.dictionary(fc.oneof(text, fc.nat().map(String)), text)),
  session_id: maybe(text),
  producer: maybe(text),
  seq: maybe(fc.nat()),
  correction: maybe(
    fc.record({
      event_id: token,
      revision: fc.nat(),
      kind: fc.constantFrom("cancel" as const, "amend" as const),
      reason: text,
    }),
  ),
});

test.each([true, false])(
  "is what JSON.stringify writes, whatever came before (strictWire %s)",
  (strictWire) => {
    fc.assert(
      fc.property(fc.array(outgoing, { maxLength: 5 }), (events) => {
        const write = usageRecordJson({ strictWire });
        expect(events.map(write)).toEqual(
          events.map((event) => JSON.stringify(usageRecordValue(event, { strictWire }))),
        );
      }),
    );
  },
);
