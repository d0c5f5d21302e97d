import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { idsOf, spansOf } from "./opened-outbox.ts";
import { repeatOf, SAMPLE_TIME, sampleEvent, sampleEvents } from "./sample-event.ts";

export const ownerCases: readonly ConformanceCase[] = [
  {
    name: "two outboxes share identities, room and accounts, and number their own events",
    needs: "several",
    settings: { limits: { maxEvents: 3, maxBytes: 100_000 } },
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()];
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
      await one.acknowledge([event]);
      const [own] = sampleEvents(1);
      if (own === undefined) throw new Error("one event");
      expect(await one.append([own])).toMatchObject([{ state: "recorded", seq: 2 }]);
      expect(own.producer).toBe(event.producer);
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
      await one.spill(events.slice(2));
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
      await one.append(events, { hold: false });
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
      await one.append([free], { hold: false });
      await one.lease([sent, done], SAMPLE_TIME + 3);
      await one.acknowledge([done]);
      await one.bury([rejected]);
      await one.bury([quarantined], "quarantined", { reason: "no answer" });
      const before = {
        accounts: await one.accounts(),
        ledger: await one.outbox.ledger({}),
        list: await one.list(),
      };
      await one.close();

      const two = await open();
      expect(two.opening).toMatchObject({ pendingEvents: 3, pendingBytes: waiting.bytes * 3, warnings: [] });
      expect(await two.accounts()).toEqual(before.accounts);
      expect(await two.outbox.ledger({})).toEqual(before.ledger);
      const pending = (rows: typeof before.list) =>
        rows.map((row) => ({ ...row, state: row.state === "inflight" ? "pending" : row.state }));
      expect(pending(await two.list()), "whether they are on the way, the next claim finds out").toEqual(
        pending(before.list),
      );
      expect(await two.append([repeatOf(done), repeatOf(waiting)])).toEqual([
        { state: "repeat", where: "acknowledged" },
        { state: "repeat", where: "pending" },
      ]);
      const { events: claimed } = await two.claim();
      expect(claimed).toMatchObject([
        { event_id: waiting.event_id, seq: 1, producer: waiting.producer, first_sent_at: undefined },
        {
          event_id: sent.event_id,
          attempts: 1,
          first_sent_at: SAMPLE_TIME + 3,
          customer_id: "customer of tenant-1",
        },
        { event_id: free.event_id, seq: 6 },
      ]);
      expect(claimed[0]?.event).toEqual(waiting.event);
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
        { event_id: waiting.event_id, first_sent_at: undefined, attempts: 0 },
        {
          event_id: sent.event_id,
          first_sent_at: SAMPLE_TIME + 4,
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
      expect(taken.toSorted()).toEqual(idsOf(events).toSorted());
    },
  },
];

/** Of an owner that others take for dead while it lives: its page was frozen, the file of its lock removed. */
export const forgetfulCases: readonly ConformanceCase[] = [
  {
    name: "an owner that lost its lock goes on, as a new one with what it holds, when nobody took over",
    needs: "store",
    run: async ({ open, openForgetful }) => {
      const { outbox, loseLocks } = await openForgetful();
      const [waiting, sent] = sampleEvents(2);
      if (waiting === undefined || sent === undefined) throw new Error("two events");
      await outbox.append([waiting, sent]);
      await outbox.lease([sent]);
      await loseLocks();
      expect(await outbox.claimIds(), "it holds them").toEqual([]);
      const other = await open();
      expect(await other.claimIds(), "and is known to live").toEqual([]);
      expect((await outbox.lease([waiting])).taken).toEqual([]);
      expect((await outbox.acknowledge([waiting, sent])).taken).toEqual([]);
      const [next] = sampleEvents(1);
      if (next === undefined) throw new Error("one event");
      await outbox.append([next]);
      expect([next.seq, next.producer], "numbers of a producer are given once").not.toEqual([
        1,
        waiting.producer,
      ]);
      expect(await outbox.figures()).toEqual({ recorded: 3, acknowledged: 2, pending: 1 });
    },
  },
  {
    name: "an owner that lost its events to another one is told so, and does nothing to them",
    needs: "store",
    run: async ({ open, openForgetful }) => {
      const { outbox: sleeper, loseLocks } = await openForgetful();
      const [waiting, sent, refused, given] = sampleEvents(4);
      if (!waiting || !sent || !refused || !given) throw new Error("four events");
      await sleeper.append([waiting, sent, refused, given]);
      await sleeper.lease([sent], SAMPLE_TIME + 3);
      await loseLocks();
      const other = await open();
      const { events } = await other.claim();
      expect(events).toMatchObject([
        { event_id: waiting.event_id, first_sent_at: undefined },
        { event_id: sent.event_id, first_sent_at: SAMPLE_TIME + 3, attempts: 1 },
        { event_id: refused.event_id },
        { event_id: given.event_id },
      ]);
      expect((await sleeper.acknowledge([sent])).taken).toEqual(spansOf([sent]));
      expect((await sleeper.bury([refused])).taken).toEqual(spansOf([refused]));
      expect((await sleeper.spill([given])).taken).toEqual(spansOf([given]));
      expect((await sleeper.lease([waiting])).taken).toEqual(spansOf([waiting]));
      expect(await sleeper.claimIds(), "it cannot give away what is not its own").toEqual([]);
      expect(await sleeper.figures()).toEqual({ recorded: 4, pending: 4 });
      await other.acknowledge(events);
      expect(await sleeper.figures()).toEqual({ recorded: 4, acknowledged: 4 });
    },
  },
  {
    name: "an owner that was taken for dead goes on under a new name: it records, claims, and is in sessions",
    needs: "store",
    run: async ({ open, openForgetful }) => {
      const { outbox: sleeper, loseLocks } = await openForgetful();
      const [first, second] = [sampleEvent(), sampleEvent()];
      await sleeper.append([first]);
      await loseLocks();
      const other = await open();
      const { events } = await other.claim();
      expect(await sleeper.append([second])).toMatchObject([{ state: "recorded", seq: 1 }]);
      expect(second.producer).not.toBe(first.producer);
      expect(await other.claimIds(), "it lives").toEqual([]);
      await other.spill(events);
      expect(await sleeper.claimIds()).toEqual([first.event_id]);
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
      await outbox.close();
      expect(await outbox.figures()).toEqual({ recorded: 4, acknowledged: 1, rejected: 1, lost: 2 });
    },
  },
];
