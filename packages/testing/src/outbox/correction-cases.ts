import { type Corrected, type UsageEvent, usageEvent } from "@meter-lib/core/store";
import fc from "fast-check";
import { expect } from "../expect.ts";
import type { CaseContext, ConformanceCase } from "./conformance-case.ts";
import type { OpenedOutbox } from "./opened-outbox.ts";
import { repeatOf, SAMPLE_TIME, type SampleEvent, sampleEvent, sampleEvents } from "./sample-event.ts";

const HOUR = 3_600_000;
const KEPT = { deadLetters: { maxEvents: 1_000, maxBytes: 1_000_000, acknowledgedMs: HOUR } };

const correct = async (
  { outbox }: OpenedOutbox,
  { event }: SampleEvent,
  fields: Partial<UsageEvent> | undefined,
  { maySend = true, seen }: { readonly maySend?: boolean; readonly seen?: UsageEvent } = {},
): Promise<Corrected> => {
  const { tenant_id, event_id } = event;
  const said = (await outbox.standing({ tenant_id, event_id }))?.event ?? seen;
  const content = fields && usageEvent({ ...(said ?? event), ...fields });
  return outbox.correct({ tenant_id, event_id, content, seen: said, reason: "a slip", maySend });
};

const stateOf = async (...args: Parameters<typeof correct>) => (await correct(...args)).state;

/** Sums the whole ledger: recorded events and usage, acknowledged events and usage. */
const ledgerOf = async ({ outbox }: OpenedOutbox): Promise<readonly [number, number, number, number]> => {
  const sums: [number, number, number, number] = [0, 0, 0, 0];
  for (const row of await outbox.ledger({})) {
    sums[0] += row.recorded;
    sums[1] += row.recorded_usage;
    sums[2] += row.acknowledged;
    sums[3] += row.acknowledged_usage;
  }
  return sums;
};

/** Sends and acknowledges everything that waits. Returns the sent events. */
const sendAll = async (outbox: OpenedOutbox): Promise<readonly UsageEvent[]> => {
  const { events } = await outbox.claim();
  await outbox.lease(events);
  await outbox.acknowledge(events);
  return events.map(({ event }) => event);
};

export const correctionCases: readonly ConformanceCase[] = [
  {
    name: "what waits is discarded when it is cancelled, and goes out as amended; an owner is told that it has its neighbours no more",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(4);
      await outbox.append(events);
      const [, first, second] = events;
      if (first === undefined || second === undefined) throw new Error("no samples");
      const { segment } = first;
      expect(await correct(outbox, first, undefined)).toEqual({
        state: "withdrawn",
        left: { key: first.key, segment },
      });
      const { taken } = await outbox.lease(events);
      expect(taken, "all that was held in that segment").not.toEqual([]);
      expect(await stateOf(outbox, first, undefined)).toBe("repeat");
      expect(await stateOf(outbox, first, { total_usage: 1 })).toBe("cancelled");
      expect(await stateOf(outbox, second, { total_usage: 5 })).toBe("replaced");
      expect(await outbox.figures()).toEqual({ recorded: 4, pending: 3, discarded: 1 });
      expect((await sendAll(outbox)).map(({ total_usage }) => total_usage)).toEqual([3, 5, 3]);
      expect(await ledgerOf(outbox)).toEqual([3, 11, 3, 11]);
      expect(await outbox.append([repeatOf(first)])).toEqual([{ state: "repeat", where: "discarded" }]);
    },
  },
  {
    name: "what was acknowledged is corrected by an event with an id of its own, into another hour too",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const [amended, cancelled] = [sampleEvent(), sampleEvent()];
      await outbox.append([amended, cancelled]);
      await outbox.acknowledge([amended, cancelled]);
      const later = { total_usage: 7, event_time: SAMPLE_TIME + HOUR };
      expect(await stateOf(outbox, amended, later, { maySend: false })).toBe("unsupported");
      expect(await stateOf(outbox, amended, later)).toBe("recorded");
      expect(await stateOf(outbox, amended, later)).toBe("repeat");
      expect(await stateOf(outbox, cancelled, undefined)).toBe("recorded");
      expect(await ledgerOf(outbox), "recorded, and not acknowledged yet").toEqual([1, 7, 2, 6]);
      const sent = await sendAll(outbox);
      expect(sent).toMatchObject([
        { event_id: `${amended.event_id}~1`, total_usage: 7, correction: { kind: "amend", revision: 1 } },
        { event_id: `${cancelled.event_id}~1`, correction: { kind: "cancel", revision: 1 } },
      ]);
      expect(await ledgerOf(outbox)).toEqual([1, 7, 1, 7]);
      expect(await outbox.figures()).toEqual({ recorded: 4, acknowledged: 4 });
      const row = { tenant_id: amended.tenant_id, meter_id: amended.meter_id };
      const hour = SAMPLE_TIME - (SAMPLE_TIME % HOUR);
      expect(await outbox.outbox.ledgerIds({ ...row, hour })).toEqual([]);
      expect(await outbox.outbox.ledgerIds({ ...row, hour: hour + HOUR })).toEqual([
        { event_id: amended.event_id, state: "acknowledged" },
      ]);
    },
  },
  {
    name: "a correction on its way is waited for; one that is rejected is changed where it is, or given up",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const event = sampleEvent();
      await outbox.append([event]);
      await outbox.acknowledge([event]);
      await correct(outbox, event, { total_usage: 7 });
      const { events } = await outbox.claim();
      await outbox.lease(events);
      expect(await stateOf(outbox, event, { total_usage: 8 })).toBe("inflight");
      await outbox.bury(events);
      expect(await stateOf(outbox, event, { total_usage: 8 })).toBe("replaced");
      expect(await outbox.figures()).toEqual({ recorded: 2, acknowledged: 1, pending: 1 });
      const again = await outbox.claim();
      await outbox.bury(again.events);
      expect(await outbox.outbox.discard({ state: "rejected" }, "never mind")).toBe(1);
      expect(await ledgerOf(outbox), "what was acknowledged counts again").toEqual([1, 3, 1, 3]);
      expect(await stateOf(outbox, event, { total_usage: 9 })).toBe("recorded");
      expect(await sendAll(outbox)).toMatchObject([{ event_id: `${event.event_id}~2`, total_usage: 9 }]);
      expect(await ledgerOf(outbox)).toEqual([1, 9, 1, 9]);
    },
  },
  {
    name: "what may count is corrected and not withdrawn, also where it waits again",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const [unsure, redriven] = [sampleEvent(), sampleEvent()];
      await outbox.append([unsure, redriven]);
      await outbox.lease([unsure, redriven]);
      await outbox.release([unsure]);
      await outbox.bury([redriven], "quarantined");
      await outbox.outbox.redrive({ state: "quarantined" });
      for (const event of [unsure, redriven]) {
        expect(await stateOf(outbox, event, undefined, { maySend: false })).toBe("unsupported");
        expect(await stateOf(outbox, event, undefined)).toBe("recorded");
      }
      expect(await outbox.figures()).toEqual({ recorded: 4, pending: 2, discarded: 2 });
      expect(await sendAll(outbox)).toMatchObject([
        { correction: { event_id: unsure.event_id, kind: "cancel" } },
        { correction: { event_id: redriven.event_id, kind: "cancel" } },
      ]);
      expect(await ledgerOf(outbox)).toEqual([0, 0, 0, 0]);
    },
  },
  {
    name: "content that was not kept is to be given; of another than was seen, nothing is done",
    run: async ({ open }) => {
      const outbox = await open();
      const event = sampleEvent();
      await outbox.append([event]);
      await outbox.acknowledge([event]);
      const { tenant_id, event_id } = event;
      const request = { tenant_id, event_id, content: undefined, reason: "a slip", maySend: true };
      expect(await outbox.outbox.correct({ ...request, seen: undefined })).toEqual({ state: "no_content" });
      const other = usageEvent({ ...event.event, total_usage: 99 });
      expect(await outbox.outbox.correct({ ...request, seen: other })).toEqual({ state: "changed" });
      const amended = usageEvent({ ...event.event, total_usage: 4 });
      const amend = { ...request, content: amended, seen: event.event };
      expect(await outbox.outbox.correct(amend)).toEqual({ state: "recorded" });
      expect(await outbox.outbox.correct({ ...amend, content: other })).toEqual({ state: "changed" });
      expect(await outbox.outbox.correct({ ...request, event_id: "nobody", seen: undefined })).toEqual({
        state: "unknown",
      });
    },
  },
  {
    name: "erase takes what corrections said",
    settings: KEPT,
    run: async ({ open }) => {
      const outbox = await open();
      const event = sampleEvent();
      await outbox.append([event]);
      await outbox.acknowledge([event]);
      await correct(outbox, event, { total_usage: 7 });
      await outbox.outbox.erase(event.tenant_id, "asked to");
      const { tenant_id, event_id } = event;
      expect(await outbox.outbox.standing({ tenant_id, event_id })).toBe(undefined);
    },
  },
  {
    name: "after any sequence of corrections, refutations and outcomes, the ledger is the fold of the last revisions",
    settings: KEPT,
    run: async (context) => {
      const step = fc.record({ what: fc.constantFrom(...STEPS), pick: fc.nat(1_000), usage: fc.nat(9) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => runSteps(context, steps)),
        { numRuns: 25 },
      );
    },
  },
];

const STEPS = [
  "record",
  "record",
  "claim",
  "lease",
  "land",
  "land",
  "redrive",
  "amend",
  "amend",
  "cancel",
  "refute",
] as const;

interface Step {
  readonly what: (typeof STEPS)[number];
  readonly pick: number;
  readonly usage: number;
}

/** A receiver that keeps the highest revision of each identity, and each event once. */
class Receiver {
  readonly #revisions = new Map<string, { readonly revision: number; readonly usage: number | undefined }>();
  readonly #seen = new Set<string>();

  take({ event }: SampleEvent): void {
    const { event_id, correction } = event;
    if (this.#seen.has(event_id)) return;
    this.#seen.add(event_id);
    const identity = correction?.event_id ?? event_id;
    const revision = correction?.revision ?? 0;
    if ((this.#revisions.get(identity)?.revision ?? -1) > revision) return;
    this.#revisions.set(identity, {
      revision,
      usage: correction?.kind === "cancel" ? undefined : event.total_usage,
    });
  }

  /** Stops counting an identity, as if it had never arrived. */
  reject(identity: string): void {
    this.#revisions.delete(identity);
    for (const id of this.#seen) if (id === identity || id.startsWith(`${identity}~`)) this.#seen.delete(id);
  }

  get fold(): Fold {
    return new Map(
      [...this.#revisions].flatMap(([identity, { usage }]) =>
        usage === undefined ? [] : [[identity, usage]],
      ),
    );
  }
}

/** Usage by identity. */
type Fold = Map<string, number>;

const sumOf = (fold: Fold): readonly [number, number] => [
  fold.size,
  [...fold.values()].reduce((sum, usage) => sum + usage, 0),
];

const runSteps = async (context: CaseContext, steps: readonly Step[]): Promise<void> => {
  await context.renew();
  const outbox = await context.open();
  const receiver = new Receiver();
  const all: SampleEvent[] = [];
  const recorded: Fold = new Map();
  const acknowledged: Fold = new Map();
  let held: SampleEvent[] = [];
  let onTheWay: SampleEvent[] = [];

  const acknowledge = async (events: readonly SampleEvent[]): Promise<void> => {
    for (const event of events) receiver.take(event);
    await outbox.acknowledge(events);
    for (const { event } of events) {
      const identity = event.correction?.event_id ?? event.event_id;
      if (event.correction?.kind === "cancel") acknowledged.delete(identity);
      else acknowledged.set(identity, event.total_usage ?? 0);
    }
  };

  const land = async (usage: number): Promise<void> => {
    const [event] = onTheWay;
    if (event === undefined) return;
    onTheWay = onTheWay.slice(1);
    if (usage % 2 === 1) receiver.take(event);
    if (usage < 4) await acknowledge([event]);
    else if (usage === 4) await outbox.bury([event]);
    else if (usage < 7) await outbox.bury([event], "quarantined");
    else {
      if (usage % 2 === 0) event.first_sent_at = undefined;
      await outbox.release([event]);
      held.push(event);
    }
  };

  const correctOne = async ({ what, pick, usage }: Step): Promise<void> => {
    const event = all[pick % Math.max(1, all.length)];
    if (event === undefined) return;
    const { state, left } = await correct(
      outbox,
      event,
      what === "cancel" ? undefined : { total_usage: usage },
    );
    if (left !== undefined) held = held.filter(({ segment }) => segment !== left.segment);
    if (!["withdrawn", "replaced", "recorded"].includes(state)) return;
    if (what === "cancel") recorded.delete(event.event_id);
    else recorded.set(event.event_id, usage);
  };

  const take = async (step: Step): Promise<void> => {
    const { what, pick, usage } = step;
    if (what === "record") {
      const event =
        pick % 2 === 0 ? sampleEvent({ total_usage: usage }) : sampleEvents(1, { total_usage: usage })[0];
      if (event === undefined) return;
      await outbox.append([event], { hold: usage % 2 === 0 });
      all.push(event);
      if (usage % 2 === 0) held.push(event);
      recorded.set(event.event_id, usage);
    } else if (what === "claim") {
      held.push(...(await outbox.claim({ maxEvents: 1 + (pick % 5) })).events);
    } else if (what === "lease") {
      const leased = held.slice(0, 1 + (pick % 3));
      held = held.slice(leased.length);
      const { taken } = await outbox.lease(leased);
      expect(taken, "nobody else takes anything").toEqual([]);
      onTheWay.push(...leased);
    } else if (what === "land") {
      await land(usage);
    } else if (what === "redrive") {
      await outbox.outbox.redrive({ state: pick % 2 === 0 ? "rejected" : "quarantined" });
    } else if (what === "refute") {
      const identity = [...acknowledged.keys()][pick % Math.max(1, acknowledged.size)];
      const event = all.find(({ event_id }) => event_id === identity);
      if (event === undefined || identity === undefined) return;
      const { tenant_id, event_id } = event;
      const [state] = await outbox.outbox.refute([{ tenant_id, event_id, reason: "no such meter" }]);
      expect(["refuted", "waiting"]).toContain(state);
      if (state !== "refuted") return;
      receiver.reject(identity);
      recorded.set(identity, acknowledged.get(identity) ?? 0);
      acknowledged.delete(identity);
      // A waiting correction is discarded with it.
      held = held.filter(({ event }) => event.correction?.event_id !== identity);
    } else await correctOne(step);
  };

  const check = async (after: string): Promise<void> => {
    await outbox.accounts();
    expect(await ledgerOf(outbox), `after ${after}`).toEqual([...sumOf(recorded), ...sumOf(acknowledged)]);
  };

  for (const step of steps) {
    await take(step);
    await check(JSON.stringify(step));
  }
  // At the end everything is sent, and ambiguous events are sent again.
  await acknowledge([...onTheWay, ...held]);
  for (;;) {
    for (const state of ["rejected", "quarantined"] as const) await outbox.outbox.redrive({ state });
    const { events } = await outbox.claim();
    if (events.length === 0) break;
    await acknowledge(events);
    await check("sending the rest");
  }
  expect(acknowledged).toEqual(recorded);
  expect(receiver.fold, "what the receiver counts").toEqual(recorded);
};
