import type { Clock, CustomerLookup, LookupAnswer } from "@meter-lib/core/transport";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cachedLookup } from "./cached-lookup.ts";

const MINUTE = 60_000;

const manualClock = () => {
  let time = 1_000_000;
  const clock: Clock = { now: () => time, schedule: () => () => {} };
  return { clock, advance: (ms: number) => (time += ms) };
};

/** A lookup whose answers the test gives, one call at a time. */
const scriptedLookup = () => {
  const calls: {
    tenant_id: string;
    signal: AbortSignal;
    answer: (answer: LookupAnswer) => void;
    fail: (error: Error) => void;
  }[] = [];
  const lookup: CustomerLookup = {
    lookup: (tenant_id, { signal }) =>
      new Promise((answer, fail) => {
        calls.push({ tenant_id, signal, answer, fail });
      }),
  };
  return { lookup, calls };
};

const found = (customer_id: string): LookupAnswer => ({ state: "found", customer_id });
const failed: LookupAnswer = { state: "failed", reason: "down" };
const forever = { signal: new AbortController().signal };

/** A cache over a lookup that answers at once with what `now` says. */
const cacheOf = (options: Parameters<typeof cachedLookup>[1] = {}) => {
  const { clock, advance } = manualClock();
  const asked: string[] = [];
  const state = { answer: (tenant_id: string): LookupAnswer => found(`customer of ${tenant_id}`) };
  const lookup: CustomerLookup = {
    lookup: async (tenant_id) => {
      asked.push(tenant_id);
      return state.answer(tenant_id);
    },
  };
  const cache = cachedLookup(lookup, { clock, ...options });
  return { ask: (tenant_id: string) => cache.lookup(tenant_id, forever), advance, asked, state };
};

describe("time", () => {
  test("a customer is asked for again after five minutes", async () => {
    const { ask, advance, asked } = cacheOf();
    await ask("t1");
    advance(5 * MINUTE - 1);
    expect(await ask("t1")).toEqual(found("customer of t1"));
    expect(asked).toEqual(["t1"]);
    advance(1);
    await ask("t1");
    expect(asked).toEqual(["t1", "t1"]);
  });

  test("an unknown tenant is asked for again after half a minute", async () => {
    const { ask, advance, asked, state } = cacheOf();
    state.answer = () => ({ state: "unknown" });
    await ask("t1");
    advance(29_999);
    expect(await ask("t1")).toEqual({ state: "unknown" });
    expect(asked.length).toBe(1);
    advance(1);
    state.answer = () => found("c1");
    expect(await ask("t1")).toEqual(found("c1"));
  });

  test("a failure is not remembered", async () => {
    const { ask, state } = cacheOf();
    state.answer = () => failed;
    expect(await ask("t1")).toEqual(failed);
    state.answer = () => found("c1");
    expect(await ask("t1")).toEqual(found("c1"));
  });

  test("while the lookup fails, an old customer stands in for an hour past its time", async () => {
    const { ask, advance, state, asked } = cacheOf();
    await ask("t1");
    state.answer = () => failed;
    advance(5 * MINUTE);
    expect(await ask("t1")).toEqual(found("customer of t1"));
    expect(await ask("t1")).toEqual(found("customer of t1"));
    // A failing lookup is left alone for half a minute.
    expect(asked.length).toBe(2);
    advance(60 * MINUTE - 1);
    expect(await ask("t1")).toEqual(found("customer of t1"));
    advance(1);
    expect(await ask("t1")).toEqual(failed);
  });

  test("a customer that is gone does not stand in", async () => {
    const { ask, advance, state } = cacheOf();
    await ask("t1");
    advance(5 * MINUTE);
    state.answer = () => ({ state: "unknown" });
    expect(await ask("t1")).toEqual({ state: "unknown" });
    advance(MINUTE);
    state.answer = () => failed;
    expect(await ask("t1")).toEqual(failed);
  });

  test("a clock set back a day does not keep an answer for a day", async () => {
    const { ask, advance, asked } = cacheOf();
    await ask("t1");
    advance(-24 * 60 * MINUTE);
    await ask("t1");
    expect(asked.length).toBe(2);
  });

  test("with ttlMs 0 every lookup is made", async () => {
    const { ask, asked } = cacheOf({ ttlMs: 0 });
    await ask("t1");
    await ask("t1");
    expect(asked.length).toBe(2);
  });
});

test("beyond maxTenants the one not asked for the longest is forgotten", async () => {
  const { ask, asked } = cacheOf({ maxTenants: 2 });
  for (const tenant_id of ["a", "b", "a", "c"]) await ask(tenant_id);
  expect(asked).toEqual(["a", "b", "c"]);
  await ask("a");
  expect(asked).toEqual(["a", "b", "c"]);
  await ask("b");
  expect(asked).toEqual(["a", "b", "c", "b"]);
});

describe("waiting together", () => {
  const call = <T>(calls: readonly T[], index: number): T => {
    const one = calls[index];
    if (one === undefined) throw new Error(`no call ${index}`);
    return one;
  };

  test("many waiters, one lookup", async () => {
    const { lookup, calls } = scriptedLookup();
    const cache = cachedLookup(lookup);
    const answers = Promise.all(Array.from({ length: 100 }, () => cache.lookup("t1", forever)));
    await Promise.resolve();
    call(calls, 0).answer(found("c1"));
    expect(new Set(await answers)).toEqual(new Set([found("c1")]));
    expect(calls.length).toBe(1);
  });

  test("one who gives up does not fail the others, nor abort the lookup", async () => {
    const { lookup, calls } = scriptedLookup();
    const cache = cachedLookup(lookup);
    const impatient = new AbortController();
    const first = cache.lookup("t1", { signal: impatient.signal });
    const second = cache.lookup("t1", forever);
    await Promise.resolve();
    impatient.abort();
    expect(await first).toMatchObject({ state: "failed", timeout: true });
    expect(call(calls, 0).signal.aborted).toBe(false);
    call(calls, 0).answer(found("c1"));
    expect(await second).toEqual(found("c1"));
  });

  test("when all give up the lookup is aborted, and the next caller starts anew", async () => {
    const { lookup, calls } = scriptedLookup();
    const cache = cachedLookup(lookup);
    const impatient = new AbortController();
    const waiting = [cache.lookup("t1", impatient), cache.lookup("t1", impatient)];
    await Promise.resolve();
    impatient.abort();
    await Promise.all(waiting);
    expect(call(calls, 0).signal.aborted).toBe(true);
    const next = cache.lookup("t1", forever);
    await Promise.resolve();
    call(calls, 1).answer(found("c1"));
    expect(await next).toEqual(found("c1"));
  });

  test("one who gives up on a slow lookup gets the old customer", async () => {
    const { lookup, calls } = scriptedLookup();
    const { clock, advance } = manualClock();
    const cache = cachedLookup(lookup, { clock });
    const first = cache.lookup("t1", forever);
    await Promise.resolve();
    call(calls, 0).answer(found("c1"));
    await first;
    advance(10 * MINUTE);
    const impatient = new AbortController();
    const second = cache.lookup("t1", impatient);
    await Promise.resolve();
    impatient.abort();
    expect(await second).toEqual(found("c1"));
  });

  test("that all gave up does not count as a failing lookup", async () => {
    const { lookup, calls } = scriptedLookup();
    const { clock, advance } = manualClock();
    const cache = cachedLookup(lookup, { clock });
    const first = cache.lookup("t1", forever);
    await Promise.resolve();
    call(calls, 0).answer(found("c1"));
    await first;
    advance(10 * MINUTE);
    const impatient = new AbortController();
    const second = cache.lookup("t1", impatient);
    await Promise.resolve();
    impatient.abort();
    await second;
    call(calls, 1).answer(failed);
    await Promise.resolve();
    const third = cache.lookup("t1", forever);
    await Promise.resolve();
    call(calls, 2).answer(found("c2"));
    expect(await third).toEqual(found("c2"));
  });

  test("a signal that has aborted already starts nothing", async () => {
    const { lookup, calls } = scriptedLookup();
    expect(await cachedLookup(lookup).lookup("t1", { signal: AbortSignal.abort() })).toMatchObject({
      state: "failed",
    });
    expect(calls).toEqual([]);
  });

  test("a lookup that throws is a failure", async () => {
    const { lookup, calls } = scriptedLookup();
    const answer = cachedLookup(lookup).lookup("t1", forever);
    await Promise.resolve();
    call(calls, 0).fail(new Error("bug"));
    expect(await answer).toMatchObject({ state: "failed", reason: expect.stringContaining("bug") });
  });
});

test("no tenant ever gets another's customer, whatever overlaps, fails, expires or is given up", async () => {
  const tenant = fc.constantFrom("a", "b", "c", "__proto__", "constructor");
  const step = fc.oneof(
    fc.record({ do: fc.constant("ask" as const), tenant, patient: fc.boolean() }),
    fc.record({
      do: fc.constant("answer" as const),
      pick: fc.nat(),
      kind: fc.constantFrom("found", "unknown", "failed", "throw"),
    }),
    fc.record({ do: fc.constant("give up" as const) }),
    fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 0, max: 2 * 60 * MINUTE }) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, maxTenants) => {
        const { lookup, calls } = scriptedLookup();
        const { clock, advance } = manualClock();
        const cache = cachedLookup(lookup, { clock, maxTenants });
        const answers: Promise<void>[] = [];
        let impatient = new AbortController();
        const settle = ({ tenant_id, answer, fail }: (typeof calls)[number], kind: string) => {
          if (kind === "found") answer(found(`customer of ${tenant_id}`));
          else if (kind === "unknown") answer({ state: "unknown" });
          else if (kind === "failed") answer(failed);
          else fail(new Error("bug"));
        };
        for (const one of steps) {
          if (one.do === "ask") {
            const asked = cache.lookup(one.tenant, one.patient ? forever : { signal: impatient.signal });
            answers.push(
              asked.then((answer) => {
                if (answer.state === "found") expect(answer.customer_id).toBe(`customer of ${one.tenant}`);
              }),
            );
          } else if (one.do === "answer") {
            const target = calls[one.pick % Math.max(1, calls.length)];
            if (target !== undefined) settle(target, one.kind);
          } else if (one.do === "give up") {
            impatient.abort();
            impatient = new AbortController();
          } else advance(one.ms);
          await Promise.resolve();
        }
        await Promise.resolve();
        for (const open of calls) settle(open, "found");
        await Promise.all(answers);
      },
    ),
  );
});

test.each([
  [{ ttlMs: -1 }, "ttlMs"],
  [{ negativeTtlMs: 0.5 }, "negativeTtlMs"],
  [{ maxTenants: 0 }, "maxTenants"],
  [{ staleIfErrorMs: Number.NaN }, "staleIfErrorMs"],
])("%j is refused, naming %s", (options, field) => {
  expect(() => cachedLookup(scriptedLookup().lookup, options)).toThrow(`${field}: expected`);
});

test("disposing disposes of the lookup beneath", async () => {
  let disposed = 0;
  const lookup: CustomerLookup = {
    lookup: async () => failed,
    [Symbol.asyncDispose]: async () => {
      disposed++;
    },
  };
  await cachedLookup(lookup)[Symbol.asyncDispose]?.();
  expect(disposed).toBe(1);
});
