import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { repeatOf, SAMPLE_TIME, sampleEvent, sampleEvents } from "./sample-event.ts";

export const ownerCases: readonly ConformanceCase[] = [
  {
    name: "two outboxes share identities, room and accounts, and number their own events",
    needs: "several",
    settings: { limits: { maxEvents: 3, maxBytes: 100_000 } },
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()];
      expect(one.opening.producer).not.toBe(two.opening.producer);
      const event = sampleEvent();
      await one.append([event]);
      expect(
        await two.append([
          repeatOf(event),
          repeatOf(event, { total_usage: 8 }),
          sampleEvent(),
          sampleEvent(),
          sampleEvent(),
        ]),
      ).toMatchObject([
        { state: "repeat", where: "pending" },
        { state: "conflict" },
        { state: "recorded", seq: 1 },
        { state: "recorded", seq: 2 },
        { state: "full" },
      ]);
      expect(await one.figures()).toEqual({ recorded: 3, pending: 3 });
    },
  },
  {
    name: "an outbox does not take what another one that lives holds",
    needs: "several",
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()];
      const events = sampleEvents(3);
      await one.append(events);
      await one.lease(events.slice(0, 1));
      expect(await two.claimIds()).toEqual([]);
      await one.commit({ unhold: events.slice(2) });
      expect(await two.claimIds()).toEqual(events.slice(2).map(({ event_id }) => event_id));
      expect(await one.claimIds()).toEqual([]);
    },
  },
  {
    name: "an event goes to one of two that claim at once",
    needs: "several",
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()];
      const events = sampleEvents(200);
      await one.append(events, false);
      const taken: string[] = [];
      const drain = async (outbox: typeof one) => {
        for (;;) {
          const { events: claimed } = await outbox.claim({ maxEvents: 7 });
          if (claimed.length === 0) return;
          taken.push(...claimed.map(({ event_id }) => event_id));
        }
      };
      await Promise.all([drain(one), drain(two)]);
      expect(taken.toSorted()).toEqual(events.map(({ event_id }) => event_id).toSorted());
    },
  },
  {
    name: "a closed outbox lets go of everything, and nothing is forgotten when the store is opened again",
    needs: "several",
    run: async ({ open }) => {
      const one = await open();
      const events = sampleEvents(6);
      const [waiting, sent, done, rejected, quarantined, free] = events;
      if (!waiting || !sent || !done || !rejected || !quarantined || !free) throw new Error("six events");
      await one.append(events.slice(0, 5));
      await one.append([free], false);
      await one.lease([sent, done], SAMPLE_TIME + 3);
      await one.acknowledge([done]);
      await one.bury([rejected]);
      await one.bury([quarantined], "quarantined", "no answer");
      const before = {
        accounts: await one.accounts(),
        ledger: await one.outbox.ledger({}),
        list: await one.list(),
      };
      await one.outbox.close();
      await one.outbox.close();

      const two = await open();
      expect(two.opening).toMatchObject({ pendingEvents: 3, pendingBytes: 600, warnings: [] });
      expect(await two.accounts()).toEqual(before.accounts);
      expect(await two.outbox.ledger({})).toEqual(before.ledger);
      const pending = (rows: typeof before.list) =>
        rows.map((row) => ({ ...row, state: row.state === "inflight" ? "pending" : row.state }));
      expect(await two.list()).toEqual(pending(before.list));
      expect(await two.append([repeatOf(done), repeatOf(waiting)])).toEqual([
        { state: "repeat", where: "acknowledged" },
        { state: "repeat", where: "pending" },
      ]);
      const { events: claimed } = await two.claim();
      expect(claimed).toMatchObject([
        { event_id: waiting.event_id, seq: 1, producer: one.opening.producer, firstSentAt: undefined },
        {
          event_id: sent.event_id,
          attempts: 1,
          firstSentAt: SAMPLE_TIME + 3,
          customer_id: "customer of tenant-1",
        },
        { event_id: free.event_id, seq: 6 },
      ]);
      expect(claimed[0]).toMatchObject({
        metadata: waiting.metadata,
        fingerprint: waiting.fingerprint,
        bytes: waiting.bytes,
      });
    },
  },
  {
    name: "a dead owner's events are taken over; those that were on the way say since when",
    needs: "mortal",
    run: async ({ open, openMortal }) => {
      const [outbox, mortal] = [await open(), await openMortal()];
      const [waiting, sent] = sampleEvents(2);
      if (waiting === undefined || sent === undefined) throw new Error("two events");
      await mortal.outbox.append([waiting, sent]);
      await mortal.outbox.lease([sent], SAMPLE_TIME + 4);
      expect(await outbox.claimIds(), "it lives").toEqual([]);
      await mortal.kill();
      const { events } = await outbox.claim();
      expect(events).toMatchObject([
        { event_id: waiting.event_id, firstSentAt: undefined, attempts: 0 },
        {
          event_id: sent.event_id,
          firstSentAt: SAMPLE_TIME + 4,
          attempts: 1,
          customer_id: "customer of tenant-1",
        },
      ]);
      await outbox.lease(events);
      await outbox.acknowledge(events);
      expect(await outbox.figures()).toEqual({ recorded: 2, acknowledged: 2 });
    },
  },
  {
    name: "two that take over from one dead owner at once share its events, each to one of them",
    needs: "mortal",
    run: async ({ open, openMortal }) => {
      const [one, two, mortal] = [await open(), await open(), await openMortal()];
      const events = sampleEvents(50);
      await mortal.outbox.append(events);
      await mortal.kill();
      const [first, second] = await Promise.all([one.claim({ maxEvents: 30 }), two.claim({ maxEvents: 30 })]);
      const taken = [...first.events, ...second.events].map(({ event_id }) => event_id);
      expect(taken.toSorted()).toEqual(events.map(({ event_id }) => event_id));
    },
  },
];

export const volatileCases: readonly ConformanceCase[] = [
  {
    name: "a volatile outbox counts what is still pending at its end as lost",
    run: async ({ open }) => {
      const outbox = await open();
      const [waiting, sent, rejected, done] = sampleEvents(4);
      if (!waiting || !sent || !rejected || !done) throw new Error("four events");
      await outbox.append([waiting, sent, rejected, done]);
      await outbox.lease([sent, done]);
      await outbox.acknowledge([done]);
      await outbox.bury([rejected]);
      await outbox.outbox.close();
      expect(await outbox.figures()).toEqual({ recorded: 4, acknowledged: 1, rejected: 1, lost: 2 });
    },
  },
];
