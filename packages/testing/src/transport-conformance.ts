import type { Transport } from "@meter-lib/core";
import type { Outcome, OutgoingEvent, SendAnswer } from "@meter-lib/core/transport";
import { expect } from "./expect.ts";
import { later, soon } from "./soon.ts";
import { suiteOf, type TestRunner } from "./test-runner.ts";
import { sampleOutgoing } from "./transport/sample-outgoing.ts";

type Awaitable<Value> = Value | Promise<Value>;

/** A transport under test and a view of its receiver, which is empty at first. */
export interface TransportUnderTest {
  readonly transport: Transport;
  /** Returns the identities counted by the receiver, as `tenant_id event_id`, once for each time. */
  counted(): Awaitable<readonly string[]>;
  /** Makes the receiver refuse connections from now on. Cases that need it are skipped without it. */
  goAway?(): Awaitable<void>;
  /** Makes the receiver accept requests but never respond from now on. Cases that need it are skipped without it. */
  fallSilent?(): Awaitable<void>;
  dispose(): Awaitable<void>;
}

export interface TransportConformanceOptions {
  /** Title of the tests. */
  readonly name: string;
  /** Creates a transport and its receiver. Called for each test. */
  create(): Awaitable<TransportUnderTest>;
  /** @default the globals `describe`, `test` and `expect` */
  readonly runner?: TestRunner | undefined;
}

const identity = ({ tenant_id, event_id }: OutgoingEvent): string => `${tenant_id} ${event_id}`;
const FAR = 60_000;
const LONGEST_SILENCE_MS = 10_000;

const send = (transport: Transport, events: readonly OutgoingEvent[], signal?: AbortSignal) =>
  transport.send({ events }, { signal: signal ?? new AbortController().signal, deadline: Date.now() + FAR });

/** Returns the outcomes, after checking that there is one for the whole batch or one for each event. */
const outcomesOf = (answer: SendAnswer, events: readonly OutgoingEvent[]): readonly Outcome[] => {
  expect(answer.fault, "a fault where outcomes were expected").toBeUndefined();
  const { every } = answer;
  if (every !== undefined) return events.map(() => every);
  const outcomes = answer.outcomes ?? [];
  expect(outcomes, "one outcome for each event").toHaveLength(events.length);
  return outcomes;
};

const states = (answer: SendAnswer, events: readonly OutgoingEvent[]): readonly string[] =>
  answer.fault !== undefined
    ? events.map(() => "fault")
    : outcomesOf(answer, events).map(({ state }) => state);

/**
 * Registers the tests that every transport must pass: outcomes in order, no event acknowledged that was not counted, no throws, no
 * waiting after an abort. It also runs in a browser.
 *
 * @example Your own transport
 * ```ts
 * transportConformance({
 *   name: "my transport",
 *   create: async () => {
 *     const server = await startServer();
 *     return {
 *       transport: myTransport({ url: server.url }),
 *       counted: () => server.counted.map(({ tenant_id, event_id }) => `${tenant_id} ${event_id}`),
 *       goAway: () => server.close(),
 *       dispose: () => server.close(),
 *     };
 *   },
 * });
 * ```
 */
export const transportConformance = ({ name, create, runner }: TransportConformanceOptions): void => {
  const { describe, test } = suiteOf(runner);
  const using = async (run: (under: TransportUnderTest) => Promise<void>): Promise<void> => {
    const under = await create();
    try {
      await run(under);
    } finally {
      await under.dispose();
    }
  };
  /** As many events as one batch may hold, three at most. */
  const batchFor = ({ limits }: Transport) => sampleOutgoing(Math.min(3, limits?.maxBatchEvents ?? 3));

  describe(`transport: ${name}`, () => {
    test("says what it is called and what its limits are", () =>
      using(async ({ transport }) => {
        expect(transport.name).not.toBe("");
        const { limits = {}, receiver: { dedup } = {} } = transport;
        for (const limit of [limits.maxBatchEvents, limits.maxBatchBytes, limits.maxInFlight]) {
          if (limit !== undefined) expect(limit).toBeGreaterThanOrEqual(1);
        }
        if (dedup) expect(dedup.windowMs).toBeGreaterThan(0);
      }));

    test("one event is acknowledged and counted", () =>
      using(async ({ transport, counted }) => {
        const events = sampleOutgoing(1);
        expect(states(await send(transport, events), events)).toEqual(["acknowledged"]);
        expect(await counted()).toEqual(events.map(identity));
      }));

    test("a batch has one outcome for each event, and each is counted", () =>
      using(async ({ transport, counted }) => {
        const events = batchFor(transport);
        const answer = await send(transport, events);
        expect(states(answer, events)).toEqual(events.map(() => "acknowledged"));
        expect([...(await counted())].sort()).toEqual(events.map(identity).sort());
      }));

    test("measured times travel as well as volumes; a boundary that the wire cannot carry is told by `check.event`", () =>
      using(async ({ transport, counted }) => {
        const time = 1_768_473_000_000;
        let sent = 0;
        for (const fields of [
          { start_time: time - 5 },
          { end_time: time },
          { start_time: 0, end_time: time },
        ]) {
          const events = sampleOutgoing(1, {
            meter_id: "chat.on.time_hours",
            type: "performance",
            total_usage: undefined,
            ...fields,
          });
          const [event] = events;
          const issue = event === undefined ? undefined : transport.check?.event?.(event);
          if (issue !== undefined) {
            expect(issue.field).not.toBe("");
            continue;
          }
          expect(states(await send(transport, events), events)).toEqual(["acknowledged"]);
          sent++;
        }
        expect(sent, "an event with both times").toBeGreaterThanOrEqual(1);
        expect(await counted()).toHaveLength(sent);
      }));

    test("an event sent again is acknowledged; a receiver that deduplicates counts it once", () =>
      using(async ({ transport, counted }) => {
        const events = sampleOutgoing(1);
        for (let i = 0; i < 3; i++) {
          expect(states(await send(transport, events), events)).toEqual(["acknowledged"]);
        }
        if (transport.receiver?.dedup) expect(await counted()).toEqual(events.map(identity));
      }));

    test("the same id of another tenant is another event", () =>
      using(async ({ transport, counted }) => {
        const [first] = sampleOutgoing(1, { tenant_id: "tenant-1" });
        const [second] = sampleOutgoing(1, { tenant_id: "tenant-2", customer_id: "customer-2" });
        if (first === undefined || second === undefined) throw new Error("no samples");
        const twin = { ...second, event_id: first.event_id };
        await send(transport, [first]);
        expect(states(await send(transport, [twin]), [twin])).toEqual(["acknowledged"]);
        expect([...(await counted())].sort()).toEqual([identity(first), identity(twin)].sort());
      }));

    test("several batches at once are told apart", () =>
      using(async ({ transport, counted }) => {
        const batches = Array.from({ length: Math.min(8, transport.limits?.maxInFlight ?? 4) }, () =>
          batchFor(transport),
        );
        const answers = await Promise.all(batches.map((events) => send(transport, events)));
        for (const [index, events] of batches.entries()) {
          const answer = answers[index];
          if (answer !== undefined) expect(states(answer, events)).toEqual(events.map(() => "acknowledged"));
        }
        expect([...(await counted())].sort()).toEqual(batches.flat().map(identity).sort());
      }));

    test("events are left as they are", () =>
      using(async ({ transport }) => {
        const events = batchFor(transport);
        const before = JSON.stringify(events);
        for (const event of events) Object.freeze(event);
        await send(transport, Object.freeze(events));
        expect(JSON.stringify(events)).toBe(before);
      }));

    test("what the wire cannot carry is told by `check.event`, or arrives", () =>
      using(async ({ transport, counted }) => {
        const odd = ["tenant é", "tenant/../1", "租户", "a b", "t\u0000", "🧾", `t${"x".repeat(300)}`];
        let sent = 0;
        for (const device_id of odd) {
          const events = sampleOutgoing(1, { device_id });
          const [event] = events;
          const issue = event === undefined ? undefined : transport.check?.event?.(event);
          if (issue !== undefined) {
            expect(issue.field).not.toBe("");
            continue;
          }
          const [state] = states(await send(transport, events), events);
          expect(["acknowledged", "rejected", "fault"], `device_id ${JSON.stringify(device_id)}`).toContain(
            state,
          );
          if (state === "acknowledged") sent++;
        }
        expect(await counted()).toHaveLength(sent);
      }));

    test("with a signal that is aborted already it settles soon, and acknowledges nothing that was not counted", () =>
      using(async ({ transport, counted }) => {
        const events = sampleOutgoing(1);
        const answer = await soon(send(transport, events, AbortSignal.abort()));
        const acknowledged = states(answer, events).filter((state) => state === "acknowledged").length;
        expect(await counted()).toHaveLength(acknowledged);
      }));

    test("no answer, then an abort: it settles soon, and what left is unsure", ({ skip }) =>
      using(async ({ transport, fallSilent }) => {
        if (fallSilent === undefined)
          return skip("this receiver cannot fall silent (`fallSilent` is not given)");
        await fallSilent();
        const events = batchFor(transport);
        let found: readonly string[] = [];
        // What had not left yet certainly did not arrive: on a busy machine nothing leaves for a while.
        for (let ms = 50; ms < LONGEST_SILENCE_MS && !found.includes("unsure"); ms *= 2) {
          const abort = new AbortController();
          const sending = send(transport, events, abort.signal);
          await later(ms);
          abort.abort();
          found = states(await soon(sending), events);
          for (const state of found) expect(state).toMatch(/^(?:unsure|retry)$/);
        }
        expect(found).toContain("unsure");
      }));

    test("nobody listens: no throw, nothing acknowledged or rejected, and what is certain is told", ({
      skip,
    }) =>
      using(async ({ transport, goAway }) => {
        if (goAway === undefined) return skip("this receiver cannot go away (`goAway` is not given)");
        await goAway();
        const events = batchFor(transport);
        const answer = await send(transport, events);
        for (const state of states(answer, events)) expect(state).toMatch(/^(?:fault|retry|unsure)$/);
        if (answer.fault !== undefined) expect(answer.fault.kind).toMatch(/^(?:unavailable|blocked)$/);
      }));

    test("it can be disposed of", () =>
      using(async ({ transport }) => {
        await transport[Symbol.asyncDispose]?.();
      }));
  });
};
