import { createEventId, type EventRecord, type OutboxChanges } from "@meter-lib/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { METERS, OutboxPlace, type Recorded, START, TENANTS } from "../test/outbox-place.ts";
import { commit } from "../test/outbox-use.ts";

type Fate = "acknowledge" | "release" | "reject" | "quarantine" | "lease" | "unhold" | "keep";

type Step =
  /**
   * Records new events, some of them once more as a caller would that gives their ids, and says what becomes of those held: one word
   * for each, in turn.
   */
  | {
      readonly step: "commit" | "failing commit";
      readonly events: readonly Recorded[];
      readonly again: number;
      readonly fates: readonly Fate[];
    }
  /** Records earlier events once more, as a caller would that gives ids. */
  | { readonly step: "repeat"; readonly of: readonly number[]; readonly otherContent: boolean }
  | { readonly step: "claim"; readonly maxEvents: number }
  | { readonly step: "redrive" | "discard"; readonly state: "rejected" | "quarantined" }
  | { readonly step: "wait" | "reopen" | "power cut" };

const recorded = fc.record({
  tenant: fc.nat(TENANTS.length - 1),
  meter: fc.nat(METERS.length - 1),
  hour: fc.nat(2),
});
const usualFates = fc.array(fc.constantFrom<Fate>("lease", "lease", "acknowledge", "keep"), {
  minLength: 1,
  maxLength: 9,
});
const anyFates = fc.array(
  fc.constantFrom<Fate>("acknowledge", "release", "reject", "quarantine", "lease", "unhold", "keep", "keep"),
  { minLength: 1, maxLength: 30 },
);
const many = fc.array(recorded, { minLength: 8, maxLength: 24 });
const some = fc.array(recorded, { maxLength: 10 });
const again = fc.constantFrom(0, 0, 1, 3);
const commitStep = (events: fc.Arbitrary<Recorded[]>, fates: fc.Arbitrary<Fate[]>) =>
  fc.record({ step: fc.constant("commit" as const), events, again, fates });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: commitStep(many, usualFates) },
  { weight: 2, arbitrary: commitStep(some, usualFates) },
  { weight: 2, arbitrary: commitStep(some, anyFates) },
  {
    weight: 1,
    arbitrary: fc.record({
      step: fc.constant("failing commit" as const),
      events: many,
      again,
      fates: anyFates,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      step: fc.constant("repeat" as const),
      of: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
      otherContent: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ step: fc.constant("claim" as const), maxEvents: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      step: fc.constantFrom("redrive" as const, "discard" as const),
      state: fc.constantFrom("rejected" as const, "quarantined" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>({ step: "wait" }, { step: "reopen" }, { step: "power cut" }),
  },
);

/** All that can be asked of an outbox. */
const answers = async ({ outbox }: OutboxPlace) => {
  const ledger = await outbox.ledger({});
  return {
    accounts: await outbox.accounts(),
    rows: await outbox.list({ limit: 1_000 }),
    page: await outbox.list({ after: 5, limit: 7, tenant_id: TENANTS[0] }),
    onTheWay: await outbox.list({ state: "inflight", limit: 20 }),
    ledger,
    ids: await Promise.all(ledger.map((line) => outbox.ledgerIds(line))),
    producers: (await outbox.producers?.())?.map(({ last_seq, unacknowledged }) => ({
      last_seq,
      unacknowledged,
    })),
  };
};

const fated = (
  place: OutboxPlace,
  fates: readonly Fate[],
  now: number,
): Omit<OutboxChanges, "append" | "now" | "sessions"> => {
  const held = [...place.held.values()].sort((a, b) => a.key - b.key);
  const of = (fate: Fate) => held.filter((_, index) => fates[index % fates.length] === fate);
  const lease = of("lease");
  for (const leased of lease) {
    leased.attempts++;
    leased.firstSentAt ??= now;
    leased.customer_id = `customer of ${leased.tenant_id}`;
  }
  const release = of("release");
  for (const released of release) if (released.attempts === 1) released.firstSentAt = undefined;
  const burial = (state: "rejected" | "quarantined") => (buried: EventRecord) => ({
    event: buried,
    state,
    reason: "why",
    status: 400,
  });
  return {
    acknowledge: of("acknowledge"),
    release,
    lease,
    unhold: of("unhold"),
    bury: [...of("reject").map(burial("rejected")), ...of("quarantine").map(burial("quarantined"))],
  };
};

interface Run {
  now: number;
  readonly known: { readonly event_id: string; readonly fields: Recorded }[];
}

/** Takes a step; answers what the outbox answered. */
const take = async (place: OutboxPlace, taken: Step, run: Run, ids: readonly string[]): Promise<unknown> => {
  const { outbox, held } = place;
  switch (taken.step) {
    case "commit":
    case "failing commit": {
      const firsts = taken.events.map((fields, index) => place.event(ids[index] ?? "", fields));
      const repeats = taken.events.slice(0, taken.again).map((fields, index) => {
        const repeat = place.event(ids[index] ?? "", fields);
        repeat.mayBeRepeat = true;
        return repeat;
      });
      const append = [...firsts, ...repeats].map((event) => ({ event, hold: true }));
      const changes = fated(place, taken.fates, run.now);
      if (taken.step === "failing commit") {
        const stranger = place.event("nobody has it", { tenant: 0, meter: 0, hour: 0 });
        stranger.key = 1_000_000;
        await expect(
          commit(outbox, { ...changes, append, lease: [...changes.lease, stranger] }, run.now),
        ).rejects.toMatchObject({ code: "outbox_failed" });
        return undefined;
      }
      const { appended, pendingEvents, pendingBytes } = await commit(outbox, { ...changes, append }, run.now);
      for (const { key } of [
        ...changes.acknowledge,
        ...changes.unhold,
        ...changes.bury.map(({ event }) => event),
      ])
        held.delete(key);
      append.forEach(({ event }, index) => {
        if (appended[index]?.state === "recorded") held.set(event.key, event);
      });
      return { appended, pendingEvents, pendingBytes };
    }
    case "repeat": {
      const append = taken.of.flatMap((index) => {
        const first = run.known[index % Math.max(1, run.known.length)];
        if (first === undefined) return [];
        const again = place.event(first.event_id, {
          ...first.fields,
          ...(taken.otherContent ? { hour: (first.fields.hour + 1) % 3 } : {}),
        });
        again.mayBeRepeat = true;
        return [{ event: again, hold: false }];
      });
      return (await commit(outbox, { append }, run.now)).appended;
    }
    case "claim": {
      const request = { now: run.now, maxEvents: taken.maxEvents, maxBytes: 1e6, skipTenants: [] };
      const { events, more } = await outbox.claim(request);
      for (const claimed of events) held.set(claimed.key, claimed);
      return {
        more,
        events: events.map(
          ({ key, seq, event_id, attempts, firstSentAt, customer_id, metadata, fingerprint }) => ({
            ...{ key, seq, event_id, attempts, firstSentAt, customer_id, metadata, fingerprint },
          }),
        ),
      };
    }
    case "redrive":
      return outbox.redrive({ state: taken.state });
    case "discard":
      return outbox.discard({ state: taken.state }, "enough");
    case "reopen":
      return place.reopen();
    case "power cut":
      return place.cutPower();
    case "wait":
      return undefined;
  }
};

test("an outbox that keeps its events in segments answers as one that has a row for each, whatever becomes of them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      using packed = new OutboxPlace(true);
      using plain = new OutboxPlace(false);
      await packed.outbox.open();
      await plain.outbox.open();
      const run: Run = { now: START, known: [] };
      for (const taken of steps) {
        run.now += taken.step === "wait" ? 120_000 : 1_000;
        const events = "events" in taken ? taken.events : [];
        const ids = events.map(() => createEventId(run.now));
        const [of, like] = [await take(packed, taken, run, ids), await take(plain, taken, run, ids)];
        expect(of).toEqual(like);
        expect(await answers(packed)).toEqual(await answers(plain));
        for (const [index, fields] of events.entries())
          run.known.push({ event_id: ids[index] ?? "", fields });
      }
      await packed.outbox.close();
      await plain.outbox.close();
    }),
    // Looking for a smaller failing case ends some time, too.
    { numRuns: 40, interruptAfterTimeLimit: 40_000 },
  );
}, 60_000);
