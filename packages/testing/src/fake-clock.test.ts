import { expect, test } from "vitest";
import { fakeClock } from "./fake-clock.ts";

test("timers run in the order of their times, each at its own", async () => {
  const clock = fakeClock(1_000);
  const ran: [string, number][] = [];
  clock.schedule(30, () => ran.push(["late", clock.now()]));
  clock.schedule(10, () => {
    ran.push(["early", clock.now()]);
    clock.schedule(5, () => ran.push(["from a timer", clock.now()]));
  });
  clock.schedule(10, () => ran.push(["early too", clock.now()]));
  await clock.advance(29);
  expect(ran).toEqual([
    ["early", 1_010],
    ["early too", 1_010],
    ["from a timer", 1_015],
  ]);
  expect(clock.now()).toBe(1_029);
  await clock.advance(1);
  expect(ran.at(-1)).toEqual(["late", 1_030]);
});

test("promises settle between timers", async () => {
  const clock = fakeClock();
  const ran: string[] = [];
  clock.schedule(1, () => {
    void Promise.resolve()
      .then(() => {})
      .then(() => ran.push("promise"));
  });
  clock.schedule(2, () => ran.push("timer"));
  await clock.advance(2);
  expect(ran).toEqual(["promise", "timer"]);
});

test("a cancelled timer does not run, and waiting ones can be seen", async () => {
  const clock = fakeClock();
  const cancel = clock.schedule(5, () => expect.unreachable());
  clock.schedule(7, () => {}, { holdProcess: true });
  cancel();
  expect(clock.timers).toEqual([{ inMs: 7, holdsProcess: true }]);
  await clock.advance(10);
  expect(clock.timers).toEqual([]);
});

test("the time of day can jump while timers keep their distance", async () => {
  const clock = fakeClock(1_000_000);
  let ran = 0;
  clock.schedule(100, () => ran++);
  clock.setTimeOfDay(5);
  expect(clock.now()).toBe(5);
  await clock.advance(99);
  expect(ran).toBe(0);
  await clock.advance(1);
  expect([ran, clock.now()]).toEqual([1, 105]);
});
