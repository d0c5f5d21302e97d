import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { endingsOf, idsOf, leasesOf, marksOf, type OpenedOutbox, spansOf } from "./opened-outbox.ts";
import { repeatOf, SAMPLE_TIME, type SampleEvent, sampleEvent, sampleEvents } from "./sample-event.ts";

const states = async (outbox: OpenedOutbox): Promise<readonly string[]> =>
  (await outbox.list()).map(({ state }) => state);

const at = (events: readonly SampleEvent[], ...places: number[]): readonly SampleEvent[] =>
  places.flatMap((place) => events[place] ?? []);

export const segmentCases: readonly ConformanceCase[] = [
  {
    name: "the events of a segment have fates of their own, and keep their keys and numbers",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(7);
      await outbox.append(events);
      await outbox.lease(events.slice(0, 6));
      await outbox.commit({
        end: [
          ...endingsOf(at(events, 0, 2), { state: "acknowledged" }),
          ...endingsOf(at(events, 1), { state: "rejected", reason: "no such device", status: 422 }),
          ...endingsOf(at(events, 3), { state: "quarantined", reason: "no answer" }),
        ],
        release: marksOf(at(events, 4)),
        spill: spansOf(at(events, 6)),
      });
      expect((await outbox.list()).map(({ key, state, event }) => ({ key, state, event }))).toEqual(
        [
          [1, "rejected"] as const,
          [3, "quarantined"] as const,
          [4, "pending"] as const,
          [5, "inflight"] as const,
          [6, "pending"] as const,
        ].map(([place, state]) => ({ key: events[place]?.key, state, event: events[place]?.event })),
      );
      const { events: claimed } = await outbox.claim();
      expect(claimed, "only what was given away").toMatchObject([{ key: events[6]?.key, seq: 7 }]);
      await outbox.acknowledge([...at(events, 4, 5), ...claimed]);
      expect(await outbox.outbox.redrive({ state: "rejected" })).toBe(1);
      const { events: redriven } = await outbox.claim();
      expect(redriven).toMatchObject([{ key: events[1]?.key, seq: 2, producer: events[0]?.producer }]);
      await outbox.acknowledge(redriven);
      expect(await outbox.figures()).toEqual({ recorded: 7, acknowledged: 6, quarantined: 1 });
    },
  },
  {
    name: "what ends in the middle of a segment leaves both sides",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(9);
      await outbox.append(events);
      await outbox.lease(events.slice(3, 6));
      await outbox.acknowledge(events.slice(3, 6));
      expect((await outbox.list()).map(({ key }) => key)).toEqual(
        at(events, 0, 1, 2, 6, 7, 8).map(({ key }) => key),
      );
      await outbox.lease(at(events, 1, 2, 6));
      expect(await states(outbox)).toEqual([
        "pending",
        "inflight",
        "inflight",
        "inflight",
        "pending",
        "pending",
      ]);
      await outbox.acknowledge(at(events, 2, 6));
      await outbox.spill(at(events, 0, 8));
      const { events: claimed } = await outbox.claim();
      expect(idsOf(claimed)).toEqual(idsOf(at(events, 0, 8)));
      await outbox.acknowledge([...claimed, ...at(events, 1, 7)]);
      expect(await outbox.figures()).toEqual({ recorded: 9, acknowledged: 9 });
    },
  },
  {
    name: "parts of a segment are leased, released and leased again, each with its attempts",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(5);
      await outbox.append(events);
      await outbox.lease(events.slice(1, 4), SAMPLE_TIME + 1);
      await outbox.release(events.slice(1, 3));
      await outbox.lease(events.slice(0, 2), SAMPLE_TIME + 2);
      expect(
        (await outbox.list()).map(({ state, attempts, first_sent_at }) => [state, attempts, first_sent_at]),
      ).toEqual([
        ["inflight", 1, SAMPLE_TIME + 2],
        ["inflight", 2, SAMPLE_TIME + 1],
        ["pending", 1, SAMPLE_TIME + 1],
        ["inflight", 1, SAMPLE_TIME + 1],
        ["pending", 0, undefined],
      ]);
      await outbox.spill(events);
      const { events: claimed } = await outbox.claim();
      expect(claimed.map(({ attempts, first_sent_at }) => [attempts, first_sent_at])).toEqual([
        [1, SAMPLE_TIME + 2],
        [2, SAMPLE_TIME + 1],
        [1, SAMPLE_TIME + 1],
        [1, SAMPLE_TIME + 1],
        [0, undefined],
      ]);
    },
  },
  {
    name: "repeats, conflicts and what finds no room leave no holes in a segment: the others move up",
    settings: { limits: { maxEvents: 6, maxBytes: 100_000 } },
    run: async ({ open }) => {
      const outbox = await open();
      const known = sampleEvent();
      await outbox.append([known]);
      const events = [
        sampleEvent(),
        repeatOf(known),
        ...sampleEvents(1, { meter_id: "storage" }),
        repeatOf(known, { total_usage: 5 }),
        sampleEvent({ tenant_id: "tenant-2" }),
        sampleEvent(),
        ...sampleEvents(1, { total_usage: 9 }),
        ...sampleEvents(1),
        repeatOf(known),
      ];
      const answers = await outbox.append(events);
      expect(answers).toMatchObject([
        { state: "recorded", seq: 2 },
        { state: "repeat" },
        { state: "recorded", seq: 3 },
        { state: "conflict" },
        { state: "recorded", seq: 4 },
        { state: "recorded", seq: 5 },
        { state: "recorded", seq: 6 },
        { state: "full" },
        { state: "repeat" },
      ]);
      const recorded = at(events, 0, 2, 4, 5, 6);
      expect((await outbox.list()).map(({ key, event }) => ({ key, event }))).toEqual(
        [known, ...recorded].map(({ key, event }) => ({ key, event })),
      );
      await outbox.lease(recorded.slice(1, 3));
      await outbox.acknowledge(recorded.slice(1, 3));
      const { meters } = await outbox.accounts();
      expect(meters.storage).toMatchObject({ recorded: 1, acknowledged: 1 });
      expect(meters.api_calls).toMatchObject({ recorded: 5, acknowledged: 1, pending: 4 });
      expect(
        await outbox.append([repeatOf(at(events, 2)[0] ?? known), repeatOf(at(events, 6)[0] ?? known)]),
      ).toEqual([
        { state: "repeat", where: "acknowledged" },
        { state: "repeat", where: "pending" },
      ]);
    },
  },
  {
    name: "a segment of several tenants is given away by tenant, and comes back by tenant",
    run: async ({ open }) => {
      const outbox = await open();
      const tenants = ["tenant-a", "tenant-b", "tenant-a", "tenant-a", "tenant-c", "tenant-b"];
      const held = tenants.flatMap((tenant_id) => sampleEvents(1, { tenant_id }));
      const free = tenants.flatMap((tenant_id) => sampleEvents(1, { tenant_id }));
      await outbox.append(held);
      await outbox.append(free, { hold: false });
      await outbox.lease(held.slice(0, 2), SAMPLE_TIME + 1);
      await outbox.release(held.slice(0, 2));
      await outbox.spill(held);
      const all = [...held, ...free];
      const { events } = await outbox.claim({ skipTenants: ["tenant-b"] });
      for (const tenant_id of ["tenant-a", "tenant-c"]) {
        const ofTenant = (some: readonly SampleEvent[]) =>
          some.filter((event) => event.tenant_id === tenant_id);
        expect(
          ofTenant(events).map(({ key, seq, event, attempts, first_sent_at }) => ({
            key,
            seq,
            event,
            attempts,
            first_sent_at,
          })),
        ).toEqual(
          ofTenant(all).map(({ key, seq, event, attempts, first_sent_at }) => ({
            key,
            seq,
            event,
            attempts,
            first_sent_at,
          })),
        );
      }
      expect(events).toHaveLength(8);
      expect((await outbox.claim()).events.map(({ customer_id }) => customer_id)[0]).toBe(
        "customer of tenant-b",
      );
    },
  },
  {
    name: "a segment is claimed in parts, and each part is settled by itself",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(10, { meter_id: "storage" });
      await outbox.append(events, { hold: false });
      const { events: first, more } = await outbox.claim({ maxEvents: 3 });
      expect(first.map(({ key, seq }) => [key, seq])).toEqual(
        events.slice(0, 3).map(({ key, seq }) => [key, seq]),
      );
      expect(more).toBe(true);
      const { events: second } = await outbox.claim({ maxEvents: 5 });
      await outbox.lease([...first, ...second]);
      await outbox.acknowledge([...at(first, 0, 2), ...at(second, 0, 1, 2, 3)]);
      await outbox.bury(at(second, 4));
      await outbox.spill(at(first, 1));
      expect(idsOf((await outbox.claim()).events)).toEqual(idsOf(at(events, 1, 8, 9)));
      expect(await outbox.figures()).toEqual({ recorded: 10, acknowledged: 6, rejected: 1, pending: 3 });
    },
  },
  {
    name: "what has ended, or is not there, is not settled again",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(4);
      await outbox.append(events);
      await outbox.acknowledge(events.slice(1, 3));
      const before = await outbox.figures();
      expect((await outbox.acknowledge(at(events, 1))).taken).toEqual(spansOf(at(events, 1)));
      expect((await outbox.bury(events)).taken, "a part of it has ended").toEqual(spansOf(events));
      expect((await outbox.commit({ lease: leasesOf(events.slice(1, 3), SAMPLE_TIME) })).taken).toHaveLength(
        1,
      );
      const nowhere = { segment: "9999999999999999", from: 0, to: 1 };
      expect((await outbox.commit({ spill: [nowhere] })).taken).toEqual([nowhere]);
      expect(await outbox.figures()).toEqual(before);
    },
  },
  {
    name: "a commit whose end nobody knows is made again: what is there already is left to whoever claims it",
    run: async ({ open }) => {
      const outbox = await open();
      const there = [...sampleEvents(2), sampleEvent(), ...sampleEvents(2)];
      await outbox.append(there);
      const [missing] = sampleEvents(1);
      if (missing === undefined) throw new Error("one event");
      const answers = await outbox.append([...there.slice(1, 4), missing], { again: true });
      expect(answers).toMatchObject([
        { state: "repeat", where: "pending" },
        { state: "repeat", where: "pending" },
        { state: "repeat", where: "pending" },
        { state: "recorded", seq: 6 },
      ]);
      expect(idsOf((await outbox.claim()).events)).toEqual(idsOf(there.slice(1, 4)));
      expect((await outbox.lease([...at(there, 0, 4), missing])).taken).toEqual([]);
      expect(await outbox.figures()).toEqual({ recorded: 6, pending: 6 });
    },
  },
];
