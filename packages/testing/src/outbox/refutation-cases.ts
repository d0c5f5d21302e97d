import type { Refutation } from "@meter-lib/core/store";
import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import type { OpenedOutbox } from "./opened-outbox.ts";
import { repeatOf, SAMPLE_TIME, type SampleEvent, sampleEvent, sampleEvents } from "./sample-event.ts";

const HOUR = 3_600_000;
const LETTERS = { maxEvents: 1_000, maxBytes: 1_000_000 };
/** The content of what was acknowledged is kept for an hour. */
const KEPT = { deadLetters: { ...LETTERS, acknowledgedMs: HOUR } };

const refutationOf = ({ event }: SampleEvent, fields: Partial<Refutation> = {}): Refutation => ({
  tenant_id: event.tenant_id,
  event_id: event.event_id,
  reason: "unknown meter",
  ...fields,
});

/** Refutes events with the content that a caller still has. */
const refuteWith = (outbox: OpenedOutbox, ...events: readonly SampleEvent[]) =>
  outbox.outbox.refute(events.map((event) => refutationOf(event, { event: event.event })));

const refute = (outbox: OpenedOutbox, ...events: readonly SampleEvent[]) =>
  outbox.outbox.refute(events.map((event) => refutationOf(event)));

/** How many events the ledger has as acknowledged, and their usage. */
const acknowledgedInLedger = async (outbox: OpenedOutbox): Promise<readonly [number, number]> => {
  let events = 0;
  let usage = 0;
  for (const row of await outbox.outbox.ledger({})) {
    events += row.acknowledged;
    usage += row.acknowledged_usage;
  }
  return [events, usage];
};

export const refutationCases: readonly ConformanceCase[] = [
  {
    name: "an acknowledged event that is refuted becomes a dead letter; accounts and ledger say so",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(4);
      const usage = events[1]?.event.total_usage ?? 0;
      await outbox.append(events);
      await outbox.lease(events);
      await outbox.acknowledge(events);
      expect(await outbox.list(), "what is acknowledged is not shown").toEqual([]);
      const [before, usageBefore] = await acknowledgedInLedger(outbox);
      expect(await refute(outbox, ...events.slice(1, 2))).toEqual(["refuted"]);
      expect(await outbox.figures()).toEqual({ recorded: 4, acknowledged: 3, rejected: 1, refuted: 1 });
      expect(await acknowledgedInLedger(outbox)).toEqual([before - 1, usageBefore - usage]);
      expect(await outbox.list()).toMatchObject([
        { event: events[1]?.event, state: "rejected", reason: "unknown meter" },
      ]);
      const [producer] = await outbox.outbox.producers();
      expect(producer?.unacknowledged).toEqual([{ from: 2, to: 2 }]);
    },
  },
  {
    name: "refuted events can be redriven and acknowledged again, and refuted again",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const [event, other] = [sampleEvent(), sampleEvent()];
      await outbox.append([event, other]);
      await outbox.acknowledge([event, other]);
      for (const times of [1, 2]) {
        expect(await refute(outbox, event)).toEqual(["refuted"]);
        expect(await refute(outbox, event), "a repeat").toEqual(["repeat"]);
        expect(await outbox.outbox.redrive({ state: "rejected" })).toBe(1);
        const { events } = await outbox.claim();
        expect(events).toMatchObject([{ event_id: event.event_id, attempts: 0 }]);
        expect(await refute(outbox, event), "on its way").toEqual(["waiting"]);
        await outbox.acknowledge(events);
        expect(await outbox.figures()).toEqual({ recorded: 2, acknowledged: 2, refuted: times });
      }
    },
  },
  {
    name: "many at once, of several segments and tenants, some twice, some unknown",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const mine = sampleEvents(6);
      const others = sampleEvents(6, { tenant_id: "tenant-2" });
      const given = sampleEvent();
      await outbox.append([...mine, ...others, given], { perSegment: 4 });
      await outbox.acknowledge([...mine, ...others, given]);
      const picked = [mine[0], mine[1], mine[3], others[2], given, mine[1]].flatMap((event) => event ?? []);
      const unknown = refutationOf(sampleEvent());
      const answers = await outbox.outbox.refute([
        ...picked.map((event) => refutationOf(event)),
        unknown,
        { ...unknown, event_id: "nothing" },
        refutationOf(mine[2] ?? given, { tenant_id: "tenant-2" }),
      ]);
      expect(answers).toEqual([...new Array(5).fill("refuted"), "repeat", "unknown", "unknown", "unknown"]);
      expect(await outbox.figures()).toEqual({ recorded: 13, acknowledged: 8, rejected: 5, refuted: 5 });
      const listed = (await outbox.list()).map(({ event }) => event.event_id);
      expect(listed.sort()).toEqual(
        picked
          .slice(0, 5)
          .map(({ event_id }) => event_id)
          .sort(),
      );
    },
  },
  {
    name: "content that was not kept is to be given, and must be the event's own",
    settings: { deadLetters: LETTERS },
    run: async ({ open }) => {
      const outbox = await open();
      const [first, second] = sampleEvents(2);
      const given = sampleEvent();
      if (first === undefined || second === undefined) throw new Error("no samples");
      await outbox.append([first, second, given]);
      await outbox.acknowledge([first, second, given]);
      expect(await refute(outbox, first)).toEqual(["no_content"]);
      const later = { ...first.event, event_time: first.event.event_time + HOUR };
      const answers = await outbox.outbox.refute([
        refutationOf(first, { event: second.event }),
        refutationOf(first, { event: later }),
        refutationOf(first, { event: { ...first.event, meter_id: "other.meter" } }),
        refutationOf(given, { event: { ...given.event, total_usage: 77 } }),
      ]);
      expect(answers).toEqual(["conflict", "conflict", "conflict", "conflict"]);
      expect(await outbox.figures()).toEqual({ recorded: 3, acknowledged: 3 });
      expect(await refuteWith(outbox, first)).toEqual(["refuted"]);
      expect(await refuteWith(outbox, first)).toEqual(["repeat"]);
      expect(await outbox.figures()).toEqual({ recorded: 3, acknowledged: 2, rejected: 1, refuted: 1 });
      expect(await outbox.list()).toMatchObject([{ event: first.event, state: "rejected", key: first.key }]);
      expect(await outbox.append([repeatOf(first)])).toEqual([{ state: "repeat", where: "rejected" }]);
      await outbox.outbox.redrive({ state: "rejected" });
      const { events } = await outbox.claim();
      expect(events).toMatchObject([{ event_id: first.event_id, seq: first.seq }]);
      await outbox.acknowledge(events);
      expect(await outbox.figures()).toEqual({ recorded: 3, acknowledged: 3, refuted: 1 });
    },
  },
  {
    name: "a refutation settles the doubt about a quarantined event; a discarded one stays so",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(3);
      await outbox.append(events);
      await outbox.lease(events);
      await outbox.bury(events.slice(0, 2), "quarantined");
      await outbox.outbox.discard({ state: "quarantined", event_ids: [events[1]?.event_id ?? ""] }, "old");
      expect(await refute(outbox, ...events)).toEqual(["refuted", "repeat", "waiting"]);
      expect(await outbox.figures()).toEqual({ recorded: 3, pending: 1, rejected: 1, discarded: 1 });
    },
  },
  {
    name: "content is kept for its time and no longer",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const [first, second] = [sampleEvent(), sampleEvent()];
      await outbox.append([first, second]);
      await outbox.acknowledge([first, second]);
      await outbox.commit({ now: SAMPLE_TIME + HOUR - 1 });
      expect(await refute(outbox, first)).toEqual(["refuted"]);
      await outbox.commit({ now: SAMPLE_TIME + 2 * HOUR });
      expect(await refute(outbox, second)).toEqual(["no_content"]);
      expect(await outbox.figures()).toEqual({ recorded: 2, acknowledged: 1, rejected: 1, refuted: 1 });
    },
  },
  {
    name: "erase takes kept content away; the events stay counted as acknowledged",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const mine = sampleEvents(2);
      const others = sampleEvents(2, { tenant_id: "tenant-2" });
      await outbox.append([...mine, ...others]);
      await outbox.acknowledge([...mine, ...others]);
      expect(await outbox.outbox.erase("tenant-1", "asked to")).toMatchObject({ events: 0 });
      expect(await outbox.figures()).toEqual({ recorded: 4, acknowledged: 4 });
      expect(await refute(outbox, ...mine)).toEqual(["unknown", "unknown"]);
      expect(await refute(outbox, ...others)).toEqual(["refuted", "refuted"]);
    },
  },
];
