import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { SAMPLE_TIME, sampleEvent, sampleEvents } from "./sample-event.ts";

const HOUR = 3_600_000;

export const deadLetterCases: readonly ConformanceCase[] = [
  {
    name: "an outbox that knows its producers says which of their numbers were not acknowledged",
    run: async ({ open }) => {
      const outbox = await open();
      if (outbox.outbox.producers === undefined) return;
      expect(await outbox.outbox.producers()).toEqual([]);
      const events = sampleEvents(8);
      await outbox.append(events);
      await outbox.acknowledge([...events.slice(0, 2), ...events.slice(5, 7)]);
      await outbox.bury(events.slice(2, 4), "rejected");
      await outbox.outbox.discard({ state: "rejected", event_ids: [events[3]?.event_id ?? ""] }, "too old");
      expect(await outbox.outbox.producers()).toEqual([
        {
          producer: outbox.opening.producer,
          last_seq: 8,
          unacknowledged: [
            { from: 3, to: 5 },
            { from: 8, to: 8 },
          ],
        },
      ]);
    },
  },
  {
    name: "a dead letter is kept with its reason and is not claimed",
    run: async ({ open }) => {
      const outbox = await open();
      const [rejected, quarantined] = [sampleEvent(), sampleEvent()];
      await outbox.append([rejected, quarantined], false);
      const { events } = await outbox.claim();
      await outbox.lease(events);
      await outbox.bury(events.slice(0, 1), "rejected", "device unknown");
      await outbox.bury(events.slice(1), "quarantined", "no answer");
      expect(await outbox.list()).toMatchObject([
        {
          event: { event_id: rejected.event_id, metadata: { region: "eu" } },
          state: "rejected",
          reason: "device unknown",
          status: 422,
          ended_at: SAMPLE_TIME,
          attempts: 1,
        },
        {
          event: { event_id: quarantined.event_id },
          state: "quarantined",
          reason: "no answer",
          first_sent_at: SAMPLE_TIME,
        },
      ]);
      expect(await outbox.figures()).toEqual({ recorded: 2, rejected: 1, quarantined: 1 });
      expect(await outbox.claimIds()).toEqual([]);
    },
  },
  {
    name: "an event that was never sent can be buried",
    run: async ({ open }) => {
      const outbox = await open();
      const event = sampleEvent();
      await outbox.append([event]);
      await outbox.bury([event], "rejected");
      expect(await outbox.figures()).toEqual({ recorded: 1, rejected: 1 });
    },
  },
  {
    name: "list picks by state, tenant, id, page",
    run: async ({ open }) => {
      const outbox = await open();
      const mine = sampleEvents(4);
      const others = sampleEvents(2, { tenant_id: "tenant-2" });
      await outbox.append([...mine, ...others]);
      await outbox.bury([...mine.slice(2), ...others.slice(1)]);
      const found = async (query: Parameters<typeof outbox.list>[0]) =>
        (await outbox.list(query)).map(({ event }) => event.event_id);
      const id = (events: typeof mine, ...places: number[]) => places.map((place) => events[place]?.event_id);

      expect(await found({ state: "rejected" })).toEqual([...id(mine, 2, 3), ...id(others, 1)]);
      expect(await found({ state: "pending" })).toEqual([...id(mine, 0, 1), ...id(others, 0)]);
      expect(await found({ state: "rejected", tenant_id: "tenant-2" })).toEqual(id(others, 1));
      expect(await found({ event_id: mine[2]?.event_id })).toEqual(id(mine, 2));
      expect(await found({ event_id: mine[2]?.event_id, state: "pending" })).toEqual([]);
      expect(await found({ limit: 2 })).toEqual(id(mine, 0, 1));
      expect(await found({ limit: 2, after: mine[1]?.key })).toEqual(id(mine, 2, 3));
      expect(await found({ state: "quarantined" })).toEqual([]);
    },
  },
  {
    name: "redriven events are pending, held by nobody, as if never sent; their identity stays",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(3);
      const other = sampleEvent({ tenant_id: "tenant-2" });
      await outbox.append([...events, other]);
      await outbox.lease([...events, other]);
      await outbox.bury([...events, other]);
      const [first] = events;
      expect(await outbox.outbox.redrive({ state: "quarantined" })).toBe(0);
      expect(
        await outbox.outbox.redrive({ state: "rejected", event_ids: [first?.event_id ?? "", "unknown"] }),
      ).toBe(1);
      expect(await outbox.figures()).toEqual({ recorded: 4, pending: 1, rejected: 3 });
      const { events: claimed } = await outbox.claim();
      expect(claimed).toMatchObject([
        { event_id: first?.event_id, key: first?.key, attempts: 0, firstSentAt: undefined },
      ]);
      expect(await outbox.outbox.redrive({ state: "rejected", tenant_id: "tenant-1" })).toBe(2);
      expect(await outbox.claimIds()).toEqual(events.slice(1).map(({ event_id }) => event_id));
      expect(await outbox.figures()).toEqual({ recorded: 4, pending: 3, rejected: 1 });
      const [row] = await outbox.list({ event_id: first?.event_id });
      expect(row).toMatchObject({
        state: "pending",
        reason: undefined,
        status: undefined,
        ended_at: undefined,
      });
    },
  },
  {
    name: "discarded events are gone and counted",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(4);
      await outbox.append(events);
      await outbox.bury(events.slice(0, 2), "rejected");
      await outbox.bury(events.slice(2), "quarantined");
      expect(
        await outbox.outbox.discard(
          { state: "quarantined", event_ids: [events[2]?.event_id ?? ""] },
          "known",
        ),
      ).toBe(1);
      expect(await outbox.outbox.discard({ state: "rejected" }, "wrong device")).toBe(2);
      expect(await outbox.outbox.discard({ state: "rejected" }, "again")).toBe(0);
      expect((await outbox.list()).map(({ event }) => event.event_id)).toEqual([events[3]?.event_id]);
      expect(await outbox.figures()).toEqual({ recorded: 4, quarantined: 1, discarded: 3 });
    },
  },
  {
    name: "the ledger adds up what was recorded and acknowledged by tenant, meter and hour of event time",
    run: async ({ open }) => {
      const outbox = await open();
      const hour = Math.floor(SAMPLE_TIME / HOUR) * HOUR;
      const early = sampleEvents(3, { event_time: hour, total_usage: 10 });
      const lastMoment = sampleEvent({ event_time: hour + HOUR - 1, total_usage: 1 });
      const next = sampleEvent({ event_time: hour + HOUR, total_usage: 5 });
      const timed = sampleEvent({
        type: "performance",
        total_usage: undefined,
        start_time: hour,
        meter_id: "latency",
      });
      const other = sampleEvent({ event_time: hour, tenant_id: "tenant-2", total_usage: 7 });
      await outbox.append([...early, lastMoment, next, timed, other]);
      await outbox.acknowledge([...early.slice(0, 2), other]);
      await outbox.bury(early.slice(2));

      const line = (fields: object) => ({ tenant_id: "tenant-1", meter_id: "api_calls", hour, ...fields });
      const rows = await outbox.outbox.ledger({});
      expect(rows).toHaveLength(4);
      expect(rows).toEqual(
        expect.arrayContaining([
          line({ recorded: 4, recorded_usage: 31, acknowledged: 2, acknowledged_usage: 20 }),
          line({ hour: hour + HOUR, recorded: 1, recorded_usage: 5, acknowledged: 0, acknowledged_usage: 0 }),
          line({
            meter_id: "latency",
            recorded: 1,
            recorded_usage: 0,
            acknowledged: 0,
            acknowledged_usage: 0,
          }),
          line({
            tenant_id: "tenant-2",
            recorded: 1,
            recorded_usage: 7,
            acknowledged: 1,
            acknowledged_usage: 7,
          }),
        ]),
      );
      expect(await outbox.outbox.ledger({ from: hour + HOUR }), "from is inclusive").toHaveLength(1);
      expect(await outbox.outbox.ledger({ to: hour + HOUR }), "to is exclusive").toHaveLength(3);
    },
  },
  {
    name: "the ids behind a line of the ledger, with where they stand",
    run: async ({ open }) => {
      const outbox = await open();
      const [pending, inflight, acknowledged, rejected, discarded] = sampleEvents(5);
      if (!pending || !inflight || !acknowledged || !rejected || !discarded) throw new Error("five events");
      await outbox.append([
        pending,
        inflight,
        acknowledged,
        rejected,
        discarded,
        sampleEvent({ meter_id: "storage" }),
      ]);
      await outbox.lease([inflight, acknowledged]);
      await outbox.acknowledge([acknowledged]);
      await outbox.bury([rejected, discarded]);
      await outbox.outbox.discard({ state: "rejected", event_ids: [discarded.event_id] }, "twice");
      const hour = Math.floor(SAMPLE_TIME / HOUR) * HOUR;
      const ids = await outbox.outbox.ledgerIds({ tenant_id: "tenant-1", meter_id: "api_calls", hour });
      expect(ids.toSorted((a, b) => (a.event_id < b.event_id ? -1 : 1))).toEqual([
        { event_id: pending.event_id, state: "pending" },
        { event_id: inflight.event_id, state: "inflight" },
        { event_id: acknowledged.event_id, state: "acknowledged" },
        { event_id: rejected.event_id, state: "rejected" },
        { event_id: discarded.event_id, state: "discarded" },
      ]);
      expect(
        await outbox.outbox.ledgerIds({ tenant_id: "tenant-1", meter_id: "api_calls", hour: hour + HOUR }),
      ).toEqual([]);
    },
  },
];
