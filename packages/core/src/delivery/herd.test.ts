import { expect, test } from "vitest";
import { fakeClock } from "../../../testing/src/fake-clock.ts";
import { everybody, usage } from "../../test/engine-rig.ts";
import { seeded } from "../../test/seeded.ts";
import { MeterClient, memoryTransport } from "../index.ts";

test("after a long outage 1,000 clients do not come back at once", { timeout: 300_000 }, async () => {
  const clock = fakeClock();
  const random = seeded(7);
  let down = true;
  const perSecond = new Map<number, number>();
  const transport = memoryTransport({
    answer: () => {
      if (down) return { state: "retry", reason: "down" };
      const second = Math.floor(clock.now() / 1_000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      return { state: "acknowledged" };
    },
  });
  const clients = Array.from(
    { length: 1_000 },
    () => new MeterClient({ transport, customerLookup: everybody, clock, random }),
  );
  for (const client of clients) client.record(usage());
  await clock.advance(30 * 60_000);
  expect(transport.events).toEqual([]);
  transport.clear();
  down = false;
  await clock.advance(5 * 60_000);
  expect(transport.events).toHaveLength(1_000);
  // Waits of 150 to 300 seconds: about seven a second, were they spread evenly.
  expect(Math.max(...perSecond.values())).toBeLessThan(40);
});
