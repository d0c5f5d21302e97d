import { expect, test } from "vitest";
import { givenEvent, NO_CHANGES, newSegment } from "../../test/new-segment.ts";
import { memoryOutbox } from "./memory-outbox.ts";
import type { Outbox, Span } from "./outbox/outbox.ts";
import { sumEvents } from "./sums/sums.ts";

const NOW = Date.UTC(2026, 0, 15, 9);

/** Records an event, and ends it. */
const pass = async (
  outbox: Outbox,
  event_id: string,
  state: "acknowledged" | "rejected" = "acknowledged",
) => {
  const event = givenEvent(event_id, { event_time: NOW });
  const segment = newSegment([event], { hold: true, now: NOW });
  const { appended } = await outbox.commit({ ...NO_CHANGES, now: NOW, append: [segment] });
  const [{ segment: id, exceptions } = { segment: "", exceptions: [] }] = appended;
  if (exceptions.length > 0) return exceptions;
  const span: Span = { segment: id, from: 0, to: 1 };
  const end = [{ ...span, state, reason: "no", sums: sumEvents([event]).sums, bytes: segment.bytes }];
  await outbox.commit({ ...NO_CHANGES, now: NOW, end });
  return exceptions;
};

test("of events that ended, the last ids are remembered and the others forgotten", async () => {
  const outbox = memoryOutbox({ maxTombstones: 2 });
  await outbox.open();
  for (let i = 0; i < 5; i++) await pass(outbox, `event-${i}`);
  expect(await pass(outbox, "event-4")).toEqual([{ index: 0, state: "repeat", where: "acknowledged" }]);
  expect(await pass(outbox, "event-0")).toEqual([]);
});

test("of dead letters, the last are kept and the others discarded", async () => {
  const outbox = memoryOutbox({ maxDeadLetters: 2 });
  await outbox.open();
  for (let i = 0; i < 5; i++) await pass(outbox, `event-${i}`, "rejected");
  const letters = await outbox.list({ state: "rejected" });
  expect(letters.map(({ event }) => event.event_id)).toEqual(["event-3", "event-4"]);
  expect(await outbox.accounts()).toMatchObject({ recorded: 5, rejected: 2, discarded: 3 });
});

test("of the ledger, what is older than two days is forgotten", async () => {
  const outbox = memoryOutbox();
  await outbox.open();
  await pass(outbox, "old");
  const later = NOW + 3 * 86_400_000;
  for (let i = 0; i < 200; i++) {
    const event = givenEvent(`later-${i}`, { event_time: later });
    const append = [newSegment([event], { hold: true, now: later })];
    await outbox.commit({ ...NO_CHANGES, now: later, append });
  }
  expect(await outbox.ledger({})).toMatchObject([{ hour: later, recorded: 200 }]);
});
