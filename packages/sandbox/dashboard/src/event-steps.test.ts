import { expect, test } from "vitest";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import { stepsOf } from "./event-steps.ts";

// RFC 9562's example of version 7: 2022-02-22 19:22:22 UTC.
const ID = "017F22E2-79B0-7CC3-98C4-DC0C0C07398F";
const RECORDED = Date.UTC(2022, 1, 22, 19, 22, 22);

const arrived = (id: number, received_at: number, more: Partial<LoggedEvent> = {}): LoggedEvent => ({
  id,
  state: "accepted",
  late: false,
  received_at,
  tenant_id: "t",
  customer_id: "c",
  meter_id: "m",
  event_id: ID,
  event_time: RECORDED - 1000,
  total_usage: 1,
  start_time: null,
  end_time: null,
  producer: null,
  seq: null,
  corrects: null,
  revision: null,
  reason: null,
  dialect: "events",
  request: id,
  position: 0,
  ...more,
});
const namesOf = (life: Parameters<typeof stepsOf>[0]): readonly string[] =>
  stepsOf(life).map(({ name }) => name);

test("a life from its use to its count; an id of version 7 tells when it was recorded", () => {
  const event = arrived(1, RECORDED + 50);
  const steps = stepsOf({ event, arrivals: [event], turnedAway: [], rows: [] });
  expect(steps.map(({ name, at }) => [name, at])).toEqual([
    ["Used", RECORDED - 1000],
    ["Recorded", RECORDED],
    ["Sent", RECORDED + 50],
    ["Acknowledged", RECORDED + 50],
    ["Counted", RECORDED + 50],
  ]);
});

test("of a long outage the first and the last attempt are told, and how many lie between them", () => {
  const event = arrived(1, RECORDED + 5000);
  const turnedAway = Array.from({ length: 20 }, (_, n) => ({
    tenant_id: "t",
    event_id: ID,
    at: RECORDED + 100 * (n + 1),
    outcome: "unavailable" as const,
  }));
  const steps = stepsOf({ event, arrivals: [event], turnedAway, rows: [] });
  expect(steps.map(({ name, at }) => [name, at]).slice(2)).toEqual([
    ["Sent", RECORDED + 100],
    ["Sent 18 more times", RECORDED + 200],
    ["Sent again", RECORDED + 2000],
    ["Sent again", RECORDED + 5000],
    ["Acknowledged", RECORDED + 5000],
    ["Counted", RECORDED + 5000],
  ]);
  expect(steps.at(-3)?.words).toBe("Attempt 21, event #1.");
});

test("what an outage turned away was sent, too; a repeat is acknowledged and not counted again", () => {
  const event = arrived(1, RECORDED + 500);
  const repeat = arrived(2, RECORDED + 900, { state: "duplicate" });
  const turnedAway = [
    { tenant_id: "t", event_id: ID, at: RECORDED + 100, outcome: "unavailable" },
    { tenant_id: "t", event_id: ID, at: RECORDED + 300, outcome: "reset" },
  ] as const;
  expect(namesOf({ event, arrivals: [repeat, event], turnedAway, rows: [] })).toEqual([
    "Used",
    "Recorded",
    "Sent",
    "Sent again",
    "Sent again",
    "Acknowledged",
    "Counted",
    "Sent again",
    "Acknowledged again",
  ]);
});

test("an id that tells no time is not taken for one", () => {
  const event = arrived(1, RECORDED, { event_id: "order-7" });
  expect(namesOf({ event, arrivals: [event], turnedAway: [], rows: [] })).not.toContain("Recorded");
});

test("a refused event is not counted", () => {
  const event = arrived(1, RECORDED + 1, { state: "refused", event_time: null, event_id: null });
  expect(namesOf({ event, arrivals: [event], turnedAway: [], rows: [] })).toEqual(["Sent", "Refused"]);
});

const correction = (revision: number, more: Partial<LoggedEvent>): Partial<LoggedEvent> => ({
  event_id: `${ID}~${revision}`,
  corrects: ID,
  revision,
  ...more,
});

test("a correction is a step of the event that it corrects, whichever of them is looked at", () => {
  const event = arrived(1, RECORDED + 50, { state: "replaced" });
  const amended = arrived(
    2,
    RECORDED + 90,
    correction(1, { state: "replaced", total_usage: 4000, event_time: RECORDED - 3_600_000 }),
  );
  const again = arrived(3, RECORDED + 95, { ...correction(1, { state: "duplicate" }) });
  const cancelled = arrived(4, RECORDED + 99, correction(2, { state: "cancellation" }));
  for (const looked of [event, amended, cancelled]) {
    const arrivals = [cancelled, again, amended, event];
    const steps = stepsOf({ event: looked, arrivals, turnedAway: [], rows: [] });
    expect(steps.map(({ name, words, at }) => [name, (at ?? 0) - RECORDED, words])).toEqual([
      ["Used", -1000, "This hour is billed."],
      ["Recorded", 0, "According to its id."],
      ["Sent", 50, "Attempt 1, event #1."],
      ["Acknowledged", 50, "Stored and acknowledged: the sender may forget it."],
      ["Counted", 50, "Once, for c."],
      ["Correction sent", 90, "Attempt 1, event #2."],
      ["Acknowledged", 90, "Stored and acknowledged: the sender may forget it."],
      ["Amended", 90, "Now counts 4,000, in another hour."],
      ["Correction sent again", 95, "Attempt 2, event #3."],
      ["Acknowledged again", 95, "Already known: acknowledged as before, not counted again."],
      ["Correction sent", 99, "Attempt 1, event #4."],
      ["Acknowledged", 99, "Stored and acknowledged: the sender may forget it."],
      ["Cancelled", 99, "No longer counts."],
    ]);
  }
});

test("an event that comes after its correction is not counted", () => {
  const amended = arrived(1, RECORDED + 90, correction(1, { total_usage: 4 }));
  const event = arrived(2, RECORDED + 95, { state: "replaced" });
  const names = namesOf({ event, arrivals: [event, amended], turnedAway: [], rows: [] });
  expect(names.filter((name) => ["Counted", "Not counted", "Amended"].includes(name))).toEqual([
    "Amended",
    "Not counted",
  ]);
});
