import fc from "fast-check";
import { expect, test } from "vitest";
import { usageEvent } from "../../event/usage-event.ts";
import { cellAt, hourOf, sumEvents } from "./sums.ts";

const event = fc
  .record({
    tenant_id: fc.constantFrom("a", "b", "c"),
    meter_id: fc.constantFrom("page.processed.basic", "report.generated.small"),
    event_time: fc.constantFrom(0, 3_599_999, 3_600_000),
    total_usage: fc.nat(9),
  })
  .map((fields) => usageEvent({ event_id: "id", device_id: "d", type: "volume", ...fields }));

test("each event is in the sums of its tenant, meter and hour, and nothing else is", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      const { sums, sum_of } = sumEvents(events);
      const expected = new Map<string, { events: number; usage: number }>();
      events.forEach((each, index) => {
        const cell = { tenant_id: each.tenant_id, meter_id: each.meter_id, hour: hourOf(each) };
        expect(cellAt(sums, sum_of, index)).toEqual(cell);
        const key = JSON.stringify(cell);
        const before = expected.get(key) ?? { events: 0, usage: 0 };
        expected.set(key, {
          events: before.events + 1,
          usage: before.usage + (each.total_usage ?? 0),
        });
      });
      const told = sums.flatMap(({ meter_id, hour, tenants, events: counts, usage }) =>
        tenants.map(
          (tenant_id, i) =>
            [JSON.stringify({ tenant_id, meter_id, hour }), { events: counts[i], usage: usage[i] }] as const,
        ),
      );
      expect(told).toHaveLength(expected.size);
      expect(new Map(told)).toEqual(expected);
    }),
  );
});
