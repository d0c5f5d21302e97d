import type { PageEvent } from "@meter-lib/core/wire";
import { fakeClock } from "@meter-lib/testing";
import { expect, test } from "vitest";
import { PRINCIPAL, pageEvent, postEvents, relayUnderTest } from "../../test/relay-under-test.ts";
import type { PolicyCheck, RelayPolicy } from "./policy.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

const judge = async (policy: RelayPolicy | PolicyCheck, fields: (now: number) => Partial<PageEvent>) => {
  const clock = fakeClock();
  const now = clock.now();
  const { relay } = relayUnderTest({ policy, clock });
  const answering = postEvents(relay, [pageEvent({ event_time: now, ...fields(now) })], now);
  await clock.settle();
  const [result] = await answering;
  return result?.state === "rejected" ? result.reason : result?.state;
};

test("a meter that may not come from browsers is rejected", async () => {
  const policy = { meters: ["page.processed.basic"] };
  expect(await judge(policy, () => ({}))).toBe("accepted");
  expect(await judge(policy, () => ({ meter_id: "template.licensed.total" }))).toBe(
    "meter_id: this meter may not be reported from a browser",
  );
});

test("usage that is not plausible is rejected, for all meters or for each", async () => {
  expect(await judge({ maxUsage: 24 }, () => ({}))).toBe("accepted");
  expect(await judge({ maxUsage: 23 }, () => ({}))).toBe("total_usage: expected at most 23, got 24");
  expect(await judge({ maxUsage: { "page.processed.basic": 10 } }, () => ({}))).toBe(
    "total_usage: expected at most 10, got 24",
  );
  expect(await judge({ maxUsage: { "page.processed.advanced": 10 } }, () => ({}))).toBe("accepted");
});

const chat = (times: Partial<PageEvent>): Partial<PageEvent> => ({
  meter_id: "chat.on.time_hours",
  total_usage: undefined,
  ...times,
});

test("times that are too old or too far ahead are rejected by name", async () => {
  const old = { maxAgeMs: MINUTE };
  expect(await judge(old, (now) => ({ event_time: now - MINUTE }))).toBe("accepted");
  expect(await judge(old, (now) => ({ event_time: now - MINUTE - 1 }))).toBe(
    "event_time: expected a time within the last 60000 ms",
  );
  expect(await judge(old, (now) => chat({ start_time: now - MINUTE - 1, end_time: now }))).toMatch(
    /^start_time: /,
  );
  const ahead = { maxFutureMs: MINUTE };
  expect(await judge(ahead, (now) => ({ event_time: now + MINUTE }))).toBe("accepted");
  expect(await judge(ahead, (now) => chat({ end_time: now + MINUTE + 1 }))).toBe(
    "end_time: expected a time at most 60000 ms ahead",
  );
});

test("without a policy times may lie a day ahead", async () => {
  expect(await judge({}, (now) => ({ event_time: now + 86_400_000 }))).toBe("accepted");
  expect(await judge({}, (now) => ({ event_time: now + 86_400_001 }))).toMatch(/^event_time: /);
});

test("a performance meter is limited by its duration, for all meters or for each, and by a day without a word", async () => {
  const lasting = (durationMs: number) => (now: number) =>
    chat({ start_time: now - durationMs, end_time: now });
  expect(await judge({ maxDurationMs: MINUTE }, lasting(MINUTE))).toBe("accepted");
  expect(await judge({ maxDurationMs: MINUTE }, lasting(MINUTE + 1))).toBe(
    "end_time: expected a time at most 60000 ms after start_time, got 60001 ms",
  );
  const byMeter = { maxDurationMs: { "chat.on.time_hours": 2 * DAY } };
  expect(await judge({ ...byMeter, maxAgeMs: 3 * DAY }, lasting(2 * DAY))).toBe("accepted");
  expect(await judge({}, lasting(DAY))).toBe("accepted");
  expect(await judge({}, lasting(DAY + 1))).toMatch(/^end_time: /);
});

test("without a word, times lie no further back than the dedup store remembers", async () => {
  expect(await judge({}, (now) => ({ event_time: now - 7 * DAY }))).toBe("accepted");
  expect(await judge({}, (now) => ({ event_time: now - 7 * DAY - 1 }))).toBe(
    "event_time: expected a time within the last 604800000 ms",
  );
  const longer = { maxAgeMs: 30 * DAY };
  expect(await judge(longer, (now) => ({ event_time: now - 30 * DAY }))).toBe("accepted");
  // A session that is begun now and ended a thousand years ago, or the other way round.
  expect(await judge({}, (now) => chat({ start_time: now - 1_000 * 365 * DAY }))).toMatch(/^start_time: /);
});

test("a policy of one's own sees whom it is for, and its reason is answered", async () => {
  const policy: PolicyCheck = async ({ total_usage }, { tenant_id }) =>
    total_usage === 24 ? `not from ${tenant_id}` : undefined;
  expect(await judge(policy, () => ({}))).toBe(`not from ${PRINCIPAL.tenant_id}`);
  expect(await judge(policy, () => ({ total_usage: 1 }))).toBe("accepted");
});

test("a policy that throws rejects nothing: the event may come again", async () => {
  const errors: unknown[] = [];
  let broken = true;
  const { relay } = relayUnderTest({
    policy: () => {
      if (broken) throw new Error("no connection");
      return undefined;
    },
    onError: (error) => errors.push(error),
  });
  const event = pageEvent();
  expect(await postEvents(relay, [event])).toMatchObject([{ state: "retry", retry_after_ms: 60_000 }]);
  expect(errors).toMatchObject([{ message: "no connection" }]);
  broken = false;
  expect(await postEvents(relay, [event])).toMatchObject([{ state: "accepted" }]);
});

test("an event that was taken stays taken when the policy has become stricter since", async () => {
  let strict = false;
  const { relay } = relayUnderTest({ policy: () => (strict ? "not any more" : undefined) });
  const event = pageEvent();
  await postEvents(relay, [event]);
  strict = true;
  expect(await postEvents(relay, [event])).toMatchObject([{ state: "duplicate" }]);
});

test("an event that was rejected may come again when the policy has become milder", async () => {
  let strict = true;
  const { relay } = relayUnderTest({ policy: () => (strict ? "not yet" : undefined) });
  const event = pageEvent();
  expect(await postEvents(relay, [event])).toMatchObject([{ state: "rejected", reason: "not yet" }]);
  strict = false;
  expect(await postEvents(relay, [event])).toMatchObject([{ state: "accepted" }]);
});

test("times in another unit are rejected with what they look like, whatever the policy", async () => {
  for (const policy of [{}, () => undefined]) {
    expect(await judge(policy, (now) => ({ event_time: now * 1_000 }))).toMatch(
      /^event_time: expected milliseconds since the epoch \(this looks like microseconds: divide by 1000\), got \d+$/,
    );
    expect(await judge(policy, (now) => chat({ start_time: now, end_time: now * 1_000 }))).toMatch(
      /^end_time: .*microseconds/,
    );
    expect(await judge(policy, (now) => ({ event_time: Math.floor(now / 1_000) }))).toMatch(
      /^event_time: .*seconds: multiply by 1000/,
    );
  }
});
