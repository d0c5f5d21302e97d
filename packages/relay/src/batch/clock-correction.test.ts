import type { PageEvent } from "@meter-lib/core/wire";
import { fakeClock } from "@meter-lib/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pageEvent, postEvents, relayUnderTest } from "../../test/relay-under-test.ts";
import type { Principal } from "../access/authenticate.ts";
import { clockShift, shifted } from "./clock-correction.ts";

const HOUR = 3_600_000;

test("times move together: distances and order stay", () => {
  const time = fc.integer({ min: 0, max: 4e12 });
  fc.assert(
    fc.property(
      time,
      time,
      time,
      fc.integer({ min: -1e12, max: 1e12 }),
      (event_time, start_time, length, shift) => {
        const event = pageEvent({
          event_time,
          total_usage: undefined,
          start_time,
          end_time: start_time + length,
        });
        const moved = shifted(event, shift);
        expect(moved.event_time - event.event_time).toBe(shift);
        expect((moved.end_time ?? 0) - (moved.start_time ?? 0)).toBe(length);
      },
    ),
  );
});

test.each([
  [1_060_000, 1_000_000, 0],
  [1_060_001, 1_000_000, 60_001],
  [1_000_000, 1_060_000, 0],
  [1_000_000, 1_060_001, -60_001],
])("at %i, a batch sent at %i moves by %i ms", (now, sent_at, shift) => {
  expect(clockShift(now, sent_at, 60_000)).toBe(shift);
});

/** A page whose clock is wrong, in front of a relay whose clock a test moves. */
const wrongPage = () => {
  const clock = fakeClock();
  let principal: Principal = { tenant_id: "tenant_123", device_id: "web-1" };
  const { relay, transport, client } = relayUnderTest({ clock, authenticate: () => principal });
  return {
    clock,
    transport,
    signIn: (device_id: string) => {
      principal = { ...principal, device_id };
    },
    post: async (event: PageEvent, offMs: number) => {
      const answering = postEvents(relay, [event], clock.now() + offMs);
      await clock.settle();
      return (await answering)[0];
    },
    delivered: async () => {
      const flushed = client.flush();
      await clock.advance(5_000);
      await flushed;
      return transport.events;
    },
  };
};

test("a page whose clock is five hours ahead is metered at the right time", async () => {
  const { clock, post, delivered } = wrongPage();
  const now = clock.now();
  const event = pageEvent({
    meter_id: "chat.query.time_secs",
    total_usage: undefined,
    event_time: now + 5 * HOUR - 700,
    start_time: now + 5 * HOUR - 2_000,
    end_time: now + 5 * HOUR - 1_000,
  });
  expect(await post(event, 5 * HOUR)).toMatchObject({ state: "accepted" });
  expect(await delivered()).toMatchObject([
    { event_time: now - 700, start_time: now - 2_000, end_time: now - 1_000 },
  ]);
});

test("a clock that is off by less than a request may take is left alone", async () => {
  const { clock, post, delivered } = wrongPage();
  const event = pageEvent({ event_time: clock.now() + 30_000 });
  await post(event, 30_000);
  expect(await delivered()).toMatchObject([{ event_time: event.event_time }]);
});

test("the policy judges the corrected time", async () => {
  const { clock, post } = wrongPage();
  const event = pageEvent({ event_time: clock.now() + 72 * HOUR });
  expect(await post(event, 0)).toMatchObject({ state: "rejected" });
  expect(await post(event, 72 * HOUR)).toMatchObject({ state: "accepted" });
});
