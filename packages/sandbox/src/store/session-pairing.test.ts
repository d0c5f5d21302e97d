import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { postEvent, postRecords } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
});
beforeEach(() => fetch(`${sandbox.url}/sandbox/v1/reset`, { method: "POST" }));
afterAll(() => sandbox.close());

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 5, 1, 12);

interface Boundary {
  readonly start_time?: number;
  readonly end_time?: number;
}

const post = (boundary: Boundary, { session, device = "d-1" }: { session?: string; device?: string } = {}) =>
  postEvent(sandbox.url, {
    device,
    ...(session === undefined ? undefined : { headers: { "x-session-id": session } }),
    body: { meter_id: "chat.on.time_hours", ...boundary },
  });
const duration = () => sandbox.usage().reduce((sum, row) => sum + row.duration_ms, 0);

test("an open start counts nothing; its end makes it a duration, in the hour of the end", async () => {
  await post({ start_time: NOON });
  expect(sandbox.usage()).toMatchObject([{ duration_ms: 0, events: 1 }]);
  await post({ end_time: NOON + 2 * HOUR + 5 });
  expect(sandbox.usage({ by: "hour" })).toMatchObject([
    { hour: NOON, duration_ms: 0 },
    { hour: NOON + 2 * HOUR, duration_ms: 2 * HOUR + 5 },
  ]);
});

test("an event with both times counts by itself and closes nothing", async () => {
  await post({ start_time: NOON });
  await post({ start_time: NOON + 1, end_time: NOON + 11 });
  expect(duration()).toBe(10);
});

test("sessions pair by their id, also when they overlap on one device", async () => {
  await post({ start_time: NOON }, { session: "a" });
  await post({ start_time: NOON + 10 }, { session: "b" });
  await post({ end_time: NOON + 100 }, { session: "a" });
  await post({ end_time: NOON + 1000 }, { session: "b" });
  expect(duration()).toBe(100 + 990);
});

test("without a session, devices do not mix", async () => {
  await post({ start_time: NOON }, { device: "one" });
  await post({ end_time: NOON + 50 }, { device: "two" });
  expect(duration()).toBe(0);
  await post({ end_time: NOON + 70 }, { device: "one" });
  expect(duration()).toBe(70);
});

test("a start whose end was lost does not run on", async () => {
  await post({ start_time: NOON });
  await post({ start_time: NOON + 1000 });
  await post({ end_time: NOON + 1010 });
  expect(duration()).toBe(10);
});

test("off and on again in one millisecond loses nothing", async () => {
  await post({ start_time: NOON });
  await post({ start_time: NOON + 10 });
  await post({ end_time: NOON + 10 });
  await post({ end_time: NOON + 30 });
  expect(duration()).toBe(30);
});

test("a start at 0 is a start", async () => {
  await post({ start_time: 0 });
  await post({ end_time: NOON });
  expect(duration()).toBe(NOON);
});

test("a repeated end changes nothing", async () => {
  const record = (event_id: string, boundary: Boundary) => ({
    ai_event: true,
    meter_id: "chat.on.time_hours",
    customer_id: "cust_001",
    metadata: { "meter.event_id": event_id },
    ...boundary,
  });
  const batch = [record("on", { start_time: NOON }), record("off", { end_time: NOON + 5 })];
  await postRecords(sandbox.url, batch);
  await postRecords(sandbox.url, [...batch].reverse());
  expect(sandbox.usage()).toMatchObject([{ duration_ms: 5, events: 2, duplicates: 2 }]);
});

// In order of time, ends first: each end closes the start right before it.
const expectedDuration = (boundaries: readonly Boundary[]): number => {
  const timeOf = (b: Boundary) => b.start_time ?? b.end_time ?? 0;
  const sorted = [...boundaries].sort(
    (a, b) =>
      timeOf(a) - timeOf(b) || (a.start_time === undefined ? 0 : 1) - (b.start_time === undefined ? 0 : 1),
  );
  let sum = 0;
  let open: number | undefined;
  for (const { start_time, end_time } of sorted) {
    if (open !== undefined && end_time !== undefined) sum += end_time - open;
    open = start_time;
  }
  return sum;
};

test("the order of arrival does not matter", async () => {
  const boundary = fc
    .record({ at: fc.integer({ min: 0, max: 20 }), start: fc.boolean() })
    .map(({ at, start }): Boundary => (start ? { start_time: NOON + at } : { end_time: NOON + at }));
  await fc.assert(
    fc.asyncProperty(fc.array(boundary, { minLength: 1, maxLength: 12 }), async (boundaries) => {
      await fetch(`${sandbox.url}/sandbox/v1/reset`, { method: "POST" });
      await postRecords(
        sandbox.url,
        boundaries.map((b) => ({
          ai_event: true,
          meter_id: "chat.on.time_hours",
          customer_id: "cust_001",
          ...b,
        })),
      );
      expect(duration()).toBe(expectedDuration(boundaries));
    }),
    { numRuns: 60 },
  );
});
