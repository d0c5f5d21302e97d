import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import type { OpenedOutbox } from "./opened-outbox.ts";
import { repeatOf, SAMPLE_TIME, type SampleEvent, sampleEvent, sampleEvents } from "./sample-event.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NO_BOUND = { maxEvents: 1_000, maxBytes: 1_000_000 };

const kept = async (outbox: OpenedOutbox): Promise<readonly string[]> =>
  (await outbox.list()).map(({ event }) => event.event_id);

const idsOf = (events: readonly SampleEvent[]) => events.map(({ event_id }) => event_id);

export const boundCases: readonly ConformanceCase[] = [
  {
    name: "beyond the limit of dead letters, the oldest are discarded and counted, rejected and quarantined together",
    settings: { deadLetters: { maxEvents: 4, maxBytes: 1_000_000 } },
    run: async ({ open }) => {
      const outbox = await open();
      const [first, second, third] = [sampleEvents(2), sampleEvents(2), sampleEvents(2)];
      await outbox.append([...first, ...second, ...third]);
      await outbox.bury(second, "rejected", { now: SAMPLE_TIME });
      await outbox.bury(first, "quarantined", { now: SAMPLE_TIME + 1 });
      expect(await outbox.figures()).toEqual({ recorded: 6, pending: 2, rejected: 2, quarantined: 2 });
      await outbox.bury(third, "rejected", { now: SAMPLE_TIME + 2 });
      expect(await outbox.figures()).toEqual({ recorded: 6, rejected: 2, quarantined: 2, discarded: 2 });
      expect(await kept(outbox)).toEqual(idsOf([...first, ...third]));
      expect(await outbox.append(second.map((event) => repeatOf(event)))).toEqual([
        { state: "repeat", where: "discarded" },
        { state: "repeat", where: "discarded" },
      ]);
    },
  },
  {
    name: "no more dead letters are discarded than exceed the limit, also when they arrived together",
    settings: { deadLetters: { maxEvents: 3, maxBytes: 1_000_000 } },
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(5);
      await outbox.append(events);
      await outbox.bury(events);
      expect(await outbox.figures()).toEqual({ recorded: 5, rejected: 3, discarded: 2 });
      expect(await kept(outbox)).toEqual(idsOf(events.slice(2)));
    },
  },
  {
    name: "dead letters are limited by their bytes, too",
    settings: { deadLetters: { maxEvents: 100, maxBytes: 2_000 } },
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(5, { bytes: 600 });
      await outbox.append(events);
      for (const [index, event] of events.entries())
        await outbox.bury([event], "rejected", { now: SAMPLE_TIME + index });
      expect(await outbox.figures()).toEqual({ recorded: 5, rejected: 3, discarded: 2 });
      expect(await kept(outbox)).toEqual(idsOf(events.slice(2)));
      await outbox.outbox.redrive({ state: "rejected" });
      expect(await outbox.figures()).toEqual({ recorded: 5, pending: 3, discarded: 2 });
    },
  },
  {
    name: "dead letters past their retention are discarded and counted",
    settings: { deadLetters: { ...NO_BOUND, rejectedMs: HOUR, quarantinedMs: 2 * HOUR } },
    run: async ({ open }) => {
      const outbox = await open();
      const [rejected, quarantined, later] = [sampleEvent(), sampleEvent(), sampleEvent()];
      await outbox.append([rejected, quarantined, later]);
      await outbox.bury([rejected], "rejected");
      await outbox.bury([quarantined], "quarantined");
      await outbox.bury([later], "rejected", { now: SAMPLE_TIME + 30 * MINUTE });
      const after = async (ms: number) => {
        await outbox.commit({ now: SAMPLE_TIME + ms });
        return outbox.figures();
      };
      expect(await after(HOUR - 1)).toEqual({ recorded: 3, rejected: 2, quarantined: 1 });
      expect(await after(HOUR)).toEqual({ recorded: 3, rejected: 1, quarantined: 1, discarded: 1 });
      expect(await after(2 * HOUR - 1)).toEqual({ recorded: 3, quarantined: 1, discarded: 2 });
      expect(await after(2 * HOUR)).toEqual({ recorded: 3, discarded: 3 });
    },
  },
  {
    name: "the identity of an event is known until the window after its end is over; that of one that is kept, as long as it is",
    settings: { tombstones: { windowMs: HOUR, max: 1_000 } },
    run: async ({ open }) => {
      const outbox = await open();
      const given = sampleEvent();
      const letter = sampleEvent();
      const [made, pending] = sampleEvents(2);
      if (made === undefined || pending === undefined) throw new Error("two events");
      await outbox.append([given], { now: SAMPLE_TIME });
      await outbox.append([made], { now: SAMPLE_TIME });
      await outbox.append([pending, letter], { now: SAMPLE_TIME });
      await outbox.bury([letter]);
      const end = SAMPLE_TIME + 45 * MINUTE;
      await outbox.acknowledge([given, made], end);
      const again = (events: readonly SampleEvent[], now: number) =>
        outbox.append(
          events.map((event) => repeatOf(event)),
          { now },
        );

      const known = { state: "repeat", where: "acknowledged" };
      // Housekeeping continues with every commit.
      for (let now = end; now < end + HOUR; now += 5 * MINUTE) await outbox.commit({ now });
      expect(await again([given, made], end + HOUR - 1)).toEqual([known, known]);
      for (let now = end + HOUR; now < end + 3 * HOUR; now += 5 * MINUTE) await outbox.commit({ now });
      expect(await again([given, made], end + 3 * HOUR)).toMatchObject([
        { state: "recorded" },
        { state: "recorded" },
      ]);
      expect(await again([pending, letter], end + 3 * HOUR)).toEqual([
        { state: "repeat", where: "pending" },
        { state: "repeat", where: "rejected" },
      ]);
    },
  },
  {
    name: "of more identities than are remembered the oldest are forgotten, and that is said",
    settings: { tombstones: { windowMs: DAY, max: 2 } },
    run: async ({ open }) => {
      const outbox = await open();
      const events = Array.from({ length: 4 }, () => sampleEvent());
      const warnings: string[] = [];
      for (const [index, event] of events.entries()) {
        await outbox.append([event], { now: SAMPLE_TIME + index });
        warnings.push(...(await outbox.acknowledge([event], SAMPLE_TIME + index)).warnings);
      }
      for (let turn = 0; turn < 3; turn++)
        warnings.push(...(await outbox.commit({ now: SAMPLE_TIME + 10 })).warnings);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain("tombstones.max");
      expect(
        await outbox.append(
          events.toReversed().map((event) => repeatOf(event)),
          { now: SAMPLE_TIME + 11 },
        ),
      ).toMatchObject([
        { state: "repeat" },
        { state: "repeat" },
        { state: "recorded" },
        { state: "recorded" },
      ]);
    },
  },
  {
    name: "hours of the ledger that are older than it is kept go; the accounts stay",
    settings: { ledgerMs: 2 * DAY },
    run: async ({ open }) => {
      const outbox = await open();
      const old = sampleEvents(3, { event_time: SAMPLE_TIME - 3 * DAY });
      const young = sampleEvents(2, { event_time: SAMPLE_TIME - DAY });
      await outbox.append([...old, ...young]);
      await outbox.acknowledge([...old, ...young]);
      // It is checked from time to time.
      for (let turn = 0; turn < 150; turn++) await outbox.append(sampleEvents(1));
      const hours = (await outbox.outbox.ledger({})).map(({ hour }) => hour);
      expect(Math.min(...hours)).toBe(Math.floor((SAMPLE_TIME - DAY) / HOUR) * HOUR);
      expect(await outbox.figures()).toEqual({ recorded: 155, acknowledged: 5, pending: 150 });
    },
  },
];
