import type { ArrivalRow, Store } from "@meter-lib/core/store";
import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { idsOf } from "./opened-outbox.ts";
import { repeatOf, type SampleEvent, sampleEvent, sampleEvents } from "./sample-event.ts";

/** Inserts events the way an application's transactions do. */
const arrive = async (store: Store, events: readonly SampleEvent[], from = 1): Promise<void> => {
  await store.transact((tx) => {
    events.forEach(({ event, lane, mark }, i) => {
      const row: ArrivalRow = { lane, event, mark };
      tx.put("arrivals", String(from + i).padStart(16, "0"), row);
    });
  });
};

export const arrivalCases: readonly ConformanceCase[] = [
  {
    name: "events that came with transactions of others are taken in by a claim, once, and counted from then on",
    needs: "store",
    run: async ({ open, openForgetful }) => {
      const { outbox, store } = await openForgetful();
      const events = [...sampleEvents(3), sampleEvent({ tenant_id: "tenant_b" })];
      await arrive(store, events);
      expect(await outbox.figures(), "not recorded yet").toEqual({});
      const claimed = await outbox.claim();
      expect(idsOf(claimed.events).toSorted()).toEqual(idsOf(events).toSorted());
      expect(new Set(claimed.events.map(({ seq }) => seq)).size, "each has a number").toBe(4);
      expect(await outbox.figures()).toEqual({ recorded: 4, pending: 4 });
      expect(await outbox.claimIds()).toEqual([]);
      expect(await (await open()).claimIds(), "also for others").toEqual([]);
      await outbox.acknowledge(claimed.events);
      expect(await outbox.figures()).toEqual({ recorded: 4, acknowledged: 4 });
    },
  },
  {
    name: "an arrival whose identity is known is a repeat; with different content it is a dead letter",
    needs: "store",
    run: async ({ openForgetful }) => {
      const { outbox, store } = await openForgetful();
      const given = sampleEvent({ event_id: "order-1" });
      await outbox.append([given]);
      const conflict = sampleEvent({ event_id: "order-1", total_usage: 999 });
      await arrive(store, [repeatOf(given), conflict, repeatOf(given)]);
      const { warnings, events } = await outbox.claim();
      expect(events).toEqual([]);
      expect(warnings).toEqual([expect.stringMatching('"order-1"')]);
      expect(await outbox.list({ state: "rejected" })).toMatchObject([
        { event: { event_id: "order-1", total_usage: 999 } },
      ]);
      expect(await outbox.figures()).toEqual({ recorded: 2, pending: 1, rejected: 1 });
    },
  },
  {
    name: "arrivals that find no room wait where they are",
    needs: "store",
    settings: { limits: { maxEvents: 2, maxBytes: 100_000 } },
    run: async ({ openForgetful }) => {
      const { outbox, store } = await openForgetful();
      const events = sampleEvents(3);
      await arrive(store, events);
      const first = await outbox.claim();
      expect(first.more, "there are others").toBe(true);
      expect(idsOf(first.events)).toEqual(idsOf(events.slice(0, 2)));
      expect((await outbox.claim()).events).toEqual([]);
      await outbox.acknowledge(first.events);
      expect(await outbox.claimIds()).toEqual(idsOf(events.slice(2)));
    },
  },
  {
    name: "what was claimed when the answer got lost is claimed again, and nothing is taken in twice",
    needs: "store",
    run: async ({ open, openForgetful }) => {
      const { outbox, store, loseAnswer } = await openForgetful();
      const [waiting, arrived] = [sampleEvent(), sampleEvent()];
      await outbox.append([waiting], { hold: false });
      await arrive(store, [arrived]);
      loseAnswer();
      await expect((async () => outbox.claim())()).rejects.toMatchObject({ name: "MayHaveCommitted" });
      expect(await (await open()).claimIds(), "its owner lives").toEqual([]);
      expect((await outbox.claimIds()).toSorted()).toEqual(idsOf([waiting, arrived]).toSorted());
      expect(await outbox.figures()).toEqual({ recorded: 2, pending: 2 });
    },
  },
];
