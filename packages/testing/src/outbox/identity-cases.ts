import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { endingsOf } from "./opened-outbox.ts";
import { repeatOf, sampleEvent, sampleEvents } from "./sample-event.ts";

export const identityCases: readonly ConformanceCase[] = [
  {
    name: "a new event is recorded under a key of its own and numbered 1, 2, 3 … within its producer",
    run: async ({ open }) => {
      const outbox = await open();
      const first = await outbox.append(sampleEvents(3));
      const second = await outbox.append(sampleEvents(2));
      const recorded = [...first, ...second].filter((answer) => answer.state === "recorded");
      expect(recorded.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      const keys = recorded.map(({ key }) => key);
      expect(keys, "in the order of recording").toEqual(keys.toSorted((a, b) => a - b));
      expect(new Set(keys).size).toBe(5);
    },
  },
  {
    name: "what is not recorded leaves no gap in the numbers",
    run: async ({ open }) => {
      const outbox = await open();
      const [known, other] = [sampleEvent(), sampleEvent()];
      await outbox.append([known]);
      const answers = await outbox.append([
        repeatOf(known),
        other,
        repeatOf(other),
        repeatOf(known, { total_usage: 4 }),
        sampleEvent(),
      ]);
      expect(answers.map(({ state }) => state)).toEqual([
        "repeat",
        "recorded",
        "repeat",
        "conflict",
        "recorded",
      ]);
      expect(answers.flatMap((answer) => (answer.state === "recorded" ? [answer.seq] : []))).toEqual([2, 3]);
    },
  },
  {
    name: "the same identity with the same content is a repeat, wherever its event stands; with different content a conflict",
    run: async ({ open }) => {
      const outbox = await open();
      const [pending, inflight, acknowledged] = [sampleEvent(), sampleEvent(), sampleEvent()];
      const [rejected, quarantined, discarded] = [sampleEvent(), sampleEvent(), sampleEvent()];
      const events = [pending, inflight, acknowledged, rejected, quarantined, discarded];
      await outbox.append(events);
      await outbox.lease([inflight, acknowledged, rejected, quarantined, discarded]);
      await outbox.acknowledge([acknowledged]);
      await outbox.bury([rejected, discarded]);
      await outbox.bury([quarantined], "quarantined");
      await outbox.outbox.discard({ state: "rejected", event_ids: [discarded.event_id] }, "not worth it");
      const before = await outbox.figures();

      const repeats = await outbox.append(events.map((event) => repeatOf(event)));
      expect(repeats).toEqual(
        ["pending", "inflight", "acknowledged", "rejected", "quarantined", "discarded"].map((where) => ({
          state: "repeat",
          where,
        })),
      );
      const conflicts = await outbox.append(events.map((event) => repeatOf(event, { total_usage: 99 })));
      expect(conflicts).toEqual(events.map(() => ({ state: "conflict" })));
      expect(await outbox.figures(), "nothing was stored").toEqual(before);
    },
  },
  {
    name: "an id made here and given again is known, wherever its event stands; other content is a conflict as long as the event is kept",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(5);
      const [pending, inflight, acknowledged, rejected, discarded] = events;
      if (!pending || !inflight || !acknowledged || !rejected || !discarded) throw new Error("five events");
      await outbox.append(events);
      await outbox.lease([inflight, acknowledged]);
      await outbox.acknowledge([acknowledged]);
      await outbox.bury([rejected, discarded]);
      await outbox.outbox.discard({ state: "rejected", event_ids: [discarded.event_id] }, "not worth it");
      const repeats = ["pending", "inflight", "acknowledged", "rejected", "discarded"].map((where) => ({
        state: "repeat",
        where,
      }));
      expect(await outbox.append(events.map((event) => repeatOf(event)))).toEqual(repeats);
      expect(
        await outbox.append(events.map((event) => repeatOf(event, { timeGiven: false }))),
        "without its time",
      ).toEqual(repeats);
      expect(
        await outbox.append(
          [pending, inflight, rejected].map((event) => repeatOf(event, { total_usage: 99 })),
        ),
      ).toEqual([{ state: "conflict" }, { state: "conflict" }, { state: "conflict" }]);
      expect(
        await outbox.append([repeatOf(acknowledged, { total_usage: 99 })]),
        "its content has gone, and whoever has the id had it from here",
      ).toEqual([{ state: "repeat", where: "acknowledged" }]);
      expect(
        await outbox.append([repeatOf(pending, { tenant_id: "tenant-2" })]),
        "of another tenant",
      ).toMatchObject([{ state: "recorded" }]);
    },
  },
  {
    name: "an id made here and given again in the same segment is known",
    run: async ({ open }) => {
      const outbox = await open();
      const [made, other] = sampleEvents(2);
      if (made === undefined || other === undefined) throw new Error("two events");
      expect(
        await outbox.append([made, repeatOf(made), repeatOf(made, { total_usage: 99 }), other]),
      ).toMatchObject([
        { state: "recorded", seq: 1 },
        { state: "repeat", where: "pending" },
        { state: "conflict" },
        { state: "recorded", seq: 2 },
      ]);
    },
  },
  {
    name: "tenants do not share identities",
    run: async ({ open }) => {
      const outbox = await open();
      const event = sampleEvent();
      const answers = await outbox.append([event, repeatOf(event, { tenant_id: "tenant-2" })]);
      expect(answers.map(({ state }) => state)).toEqual(["recorded", "recorded"]);
    },
  },
  {
    name: "an event comes back as it was recorded, whatever its text and numbers",
    run: async ({ open }) => {
      const outbox = await open();
      const events = [
        sampleEvent({
          tenant_id: "テナント '\"; DROP TABLE events; --",
          meter_id: "__proto__",
          metadata: { "": "", naïve: "😀\u0000\n", ["__proto__"]: "own" },
          total_usage: Number.MAX_SAFE_INTEGER,
          session_id: "s",
        }),
        sampleEvent({ total_usage: 0, metadata: undefined, event_time: 0 }),
        sampleEvent({
          type: "performance",
          total_usage: undefined,
          start_time: 0,
          end_time: 1_768_473_000_123,
        }),
        sampleEvent({ metadata: {}, lane: "backfill" }),
      ];
      await outbox.append(events, { hold: false });
      const { events: claimed } = await outbox.claim();
      expect(claimed).toHaveLength(events.length);
      for (const event of events) {
        const back = claimed.find(({ event_id }) => event_id === event.event_id);
        for (const field of FROZEN) expect(back?.[field], field).toEqual(event[field]);
      }
    },
  },
  {
    name: "with no room left, new events are full and the others go in; room that is freed in the same transaction counts",
    settings: { limits: { maxEvents: 3, maxBytes: 2_000 } },
    run: async ({ open }) => {
      const outbox = await open();
      const [first, second] = sampleEvents(2, { bytes: 800 });
      if (first === undefined || second === undefined) throw new Error("two events");
      expect(outbox.outbox.limits).toEqual({ maxEvents: 3, maxBytes: 2_000 });
      const states = async (events: Parameters<typeof outbox.append>[0]) =>
        (await outbox.append(events)).map(({ state }) => state);

      expect(await states([first, second, sampleEvent({ bytes: 401 }), sampleEvent({ bytes: 400 })])).toEqual(
        ["recorded", "recorded", "full", "recorded"],
      );
      expect(await states([sampleEvent({ bytes: 250 }), repeatOf(first)]), "a repeat needs no room").toEqual([
        "full",
        "repeat",
      ]);
      const { answers, pendingEvents, pendingBytes } = await outbox.appendWith(
        [[sampleEvent({ bytes: 800 })]],
        { end: endingsOf([first], { state: "acknowledged" }) },
      );
      expect(answers.map(({ state }) => state)).toEqual(["recorded"]);
      expect({ pendingEvents, pendingBytes }).toEqual({ pendingEvents: 3, pendingBytes: 2_000 });
      await outbox.bury([second]);
      expect(await states([sampleEvent({ bytes: 800 })]), "dead letters are not pending").toEqual([
        "recorded",
      ]);
      expect(await outbox.figures()).toEqual({ recorded: 5, acknowledged: 1, pending: 3, rejected: 1 });
    },
  },
];

const FROZEN = ["event", "bytes", "lane", "key", "seq", "producer"] as const;
