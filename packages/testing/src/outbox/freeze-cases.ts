import { type Corrected, type LedgerRow, usageEvent } from "@meter-lib/core/store";
import fc from "fast-check";
import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import type { OpenedOutbox } from "./opened-outbox.ts";
import { SAMPLE_TIME, type SampleEvent, sampleEvent } from "./sample-event.ts";

const HOUR = 3_600_000;
const FIRST = Math.floor(SAMPLE_TIME / HOUR) * HOUR;
const KEPT = { deadLetters: { maxEvents: 1_000, maxBytes: 1_000_000, acknowledgedMs: HOUR } };

const booked = async ({ outbox }: OpenedOutbox, hour?: number): Promise<readonly LedgerRow[]> =>
  outbox.ledger({
    booked: true,
    ...(hour === undefined ? {} : { from: FIRST + hour * HOUR, to: FIRST + (hour + 1) * HOUR }),
  });

/** In its own hour: the first, unless another is named. */
const pages = (total_usage: number, hour = 0): SampleEvent =>
  sampleEvent({ total_usage, event_time: FIRST + hour * HOUR + HOUR / 2 });

const figures = ({ recorded, acknowledged, recorded_usage, acknowledged_usage }: LedgerRow) => [
  recorded,
  acknowledged,
  recorded_usage,
  acknowledged_usage,
];

const correct = async (
  { outbox }: OpenedOutbox,
  { event }: SampleEvent,
  total_usage: number | undefined,
): Promise<Corrected> => {
  const { tenant_id, event_id } = event;
  const seen = (await outbox.standing({ tenant_id, event_id }))?.event;
  const content = total_usage === undefined ? undefined : usageEvent({ ...(seen ?? event), total_usage });
  return outbox.correct({ tenant_id, event_id, content, seen, reason: "a slip", maySend: true });
};

const sendAll = async (outbox: OpenedOutbox): Promise<void> => {
  const { events } = await outbox.claim();
  await outbox.lease(events);
  await outbox.acknowledge(events);
};

export const freezeCases: readonly ConformanceCase[] = [
  {
    name: "rows of a frozen hour never change: what changes later is booked in the first open hour, as a correction",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const [amended, cancelled, refuted] = [pages(10), pages(20), pages(30)];
      await outbox.append([amended, cancelled, refuted]);
      await outbox.append([pages(40), pages(7, 1)], { hold: false });
      await outbox.lease([amended, cancelled, refuted]);
      await outbox.acknowledge([amended, cancelled, refuted]);
      const before = await booked(outbox, 0);
      expect(before.map(figures)).toEqual([[4, 3, 100, 60]]);
      expect(await outbox.outbox.freeze(FIRST + HOUR), "an hour that has ended").toBe(FIRST + HOUR);
      expect(await outbox.outbox.freeze(FIRST), "what is frozen stays so").toBe(FIRST + HOUR);

      expect(await correct(outbox, amended, 1)).toMatchObject({ state: "recorded" });
      expect(await correct(outbox, cancelled, undefined)).toMatchObject({ state: "recorded" });
      await outbox.outbox.refute([{ ...refuted.event, reason: "unknown meter" }]);
      await outbox.append([pages(50)], { hold: false });
      await sendAll(outbox);
      expect(await booked(outbox, 0)).toEqual(before);
      const inNext = await booked(outbox, 1);
      expect(inNext.map(({ corrects }) => corrects)).toEqual(expect.arrayContaining([undefined, FIRST]));
      const own = inNext.find(({ corrects }) => corrects === undefined);
      const correction = inNext.find(({ corrects }) => corrects === FIRST);
      expect(own && figures(own)).toEqual([1, 1, 7, 7]);
      // Amended: −9; cancelled: −1 event, −20; refuted: −1 acknowledged, −30; late: +1, +50; waiting: +1 acknowledged, +40.
      expect(correction && figures(correction)).toEqual([0, 0, 21, 31]);
      expect(inNext).toHaveLength(2);
      // By hour of use, it is all in its own hour: the other side of a reconciliation does not know of the freeze.
      const [use] = await outbox.outbox.ledger({ from: FIRST, to: FIRST + HOUR });
      expect(use).toMatchObject({ hour: FIRST, recorded: 4, acknowledged: 3, recorded_usage: 121 });
      expect(use).toMatchObject({ acknowledged_usage: 91 });
      expect(use?.corrects).toBeUndefined();
    },
  },
  {
    name: "what is frozen stays so: for other owners, after the end of this one, and when an earlier time is named",
    needs: "several",
    run: async ({ open }) => {
      const first = await open();
      const second = await open();
      await first.append([pages(10)]);
      expect(await first.outbox.freeze(FIRST + 2 * HOUR - 1)).toBe(FIRST + HOUR);
      await second.append([pages(5)]);
      await first.close();
      const third = await open();
      expect(await third.outbox.freeze(FIRST)).toBe(FIRST + HOUR);
      await third.append([pages(3)]);
      expect(
        (await booked(third)).map(({ hour, corrects, recorded_usage }) => [hour, corrects, recorded_usage]),
      ).toEqual(
        expect.arrayContaining([
          [FIRST, undefined, 10],
          [FIRST + HOUR, FIRST, 8],
        ]),
      );
      // Corrections of hours that are frozen now are frozen with the hour in which they are booked.
      await third.outbox.freeze(FIRST + 2 * HOUR);
      await third.append([pages(1)]);
      expect(await booked(third, 1)).toMatchObject([{ corrects: FIRST, recorded_usage: 8 }]);
      expect(await booked(third, 2)).toMatchObject([{ corrects: FIRST, recorded_usage: 1 }]);
    },
  },
  {
    name: "whatever is recorded, corrected and frozen in whatever order, what is frozen stays, and all bookings add up to the usage",
    settings: KEPT,
    run: async ({ open, renew }) => {
      const step = fc.record({
        what: fc.constantFrom("record", "send", "amend", "cancel", "freeze"),
        hour: fc.integer({ min: 0, max: 3 }),
        usage: fc.integer({ min: 1, max: 9 }),
        pick: fc.nat(20),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
          await renew();
          const outbox = await open();
          const events: SampleEvent[] = [];
          let frozen: { readonly before: number; readonly rows: readonly LedgerRow[] } = {
            before: FIRST,
            rows: [],
          };
          const upTo = async (before: number) => outbox.outbox.ledger({ booked: true, to: before });
          for (const { what, hour, usage, pick } of steps) {
            const picked = events[pick % (events.length || 1)];
            if (what === "record") {
              const event = pages(usage, hour);
              events.push(event);
              await outbox.append([event], { hold: false });
            } else if (what === "send") await sendAll(outbox);
            else if (what === "freeze") {
              const before = await outbox.outbox.freeze(FIRST + hour * HOUR);
              if (before > frozen.before) frozen = { before, rows: await upTo(before) };
            } else if (picked !== undefined)
              await correct(outbox, picked, what === "amend" ? usage : undefined);
            expect(await upTo(frozen.before)).toEqual(frozen.rows);
          }
          const sums = new Map<number, readonly number[]>();
          for (const row of await booked(outbox)) {
            const hour = row.corrects ?? row.hour;
            const sum = sums.get(hour);
            sums.set(
              hour,
              sum === undefined ? figures(row) : figures(row).map((each, i) => each + (sum[i] ?? 0)),
            );
          }
          const used = new Map((await outbox.outbox.ledger({})).map((row) => [row.hour, figures(row)]));
          expect(sums).toEqual(used);
        }),
        { numRuns: 10 },
      );
    },
  },
];
