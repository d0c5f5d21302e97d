import { MeterClient, memoryOutbox, type Outbox, type Receipt, type Transport } from "@meter-lib/core";
import type { Lane } from "@meter-lib/core/store";
import { type FakeClock, fakeClock } from "@meter-lib/testing";
import fc from "fast-check";
import { expect } from "vitest";
import "@meter-lib/testing/matchers";
import { DAY_MS, everybody } from "../../../../packages/core/test/engine-rig.ts";
import { type Plan, ScriptedReceiver } from "./scripted-receiver.ts";

export interface LawOptions {
  readonly dedup: boolean;
  readonly breakOutbox?: (inner: Outbox) => Outbox;
  /** Whether the outbox fails at times: then only the end is certain, and an id that is given again may not be recognized. */
  readonly isUnsteady?: boolean;
  readonly breakTransport?: (inner: Transport) => Transport;
  readonly numRuns: number;
  /** @default a fixed one */
  readonly seed?: number;
}

interface Recorded {
  readonly tenant_id: string;
  readonly event_id: string;
  readonly receipt: Receipt;
}

/** What ought to be: how many events were accepted, and which a person had sent again. */
interface Model {
  recorded: number;
  readonly isUnsteady: boolean;
  readonly redriven: Set<string>;
}

interface Real {
  readonly client: MeterClient;
  readonly clock: FakeClock;
  readonly receiver: ScriptedReceiver;
  readonly events: Recorded[];
}

type Command = fc.AsyncCommand<Model, Real>;

const TENANTS = ["a", "b", "c"];

const inputOf = (tenant_id: string, event_id: string, total_usage: number) => ({
  tenant_id,
  event_id,
  device_id: "device",
  meter_id: "page.processed.basic" as const,
  total_usage,
});

/** A command that holds the accounting law afterwards. */
const command = (
  text: string,
  act: (model: Model, real: Real) => Promise<void> | void,
  check: (model: Readonly<Model>) => boolean = () => true,
): Command => ({
  check,
  run: async (model, real) => {
    await act(model, real);
    await real.clock.settle();
    if (model.isUnsteady) return;
    const stats = await real.client.stats();
    expect(stats).toBalance();
    expect(stats.recorded, "recorded").toBe(model.recorded);
  },
  toString: () => text,
});

const isSteady = ({ isUnsteady }: Readonly<Model>): boolean => !isUnsteady;

const recordMany = (
  model: Model,
  { client, events }: Real,
  tenant: number,
  count: number,
  lane: Lane,
): void => {
  for (let i = 0; i < count; i++) {
    const tenant_id = TENANTS[tenant] ?? "a";
    const event_id = `event-${events.length}`;
    events.push({ tenant_id, event_id, receipt: client.record(inputOf(tenant_id, event_id, 1), { lane }) });
    model.recorded++;
  }
};

const record = (tenant: number, count: number, lane: Lane): Command =>
  command(`record ${count} of ${TENANTS[tenant]}, ${lane}`, (model, real) =>
    recordMany(model, real, tenant, count, lane),
  );

/** A page seems to close: nothing else runs between the calls. */
const seemToClose = (tenant: number, before: number, after: number): Command =>
  command(`record ${before} of ${TENANTS[tenant]}, sendNow, record ${after}`, (model, real) => {
    recordMany(model, real, tenant, before, "live");
    real.client.sendNow();
    recordMany(model, real, tenant, after, "live");
  });

const repeat = (which: number): Command =>
  command(
    `repeat #${which}`,
    async (_, { client, events }) => {
      const event = events[which % Math.max(1, events.length)];
      if (event === undefined) return;
      const again = client.record(inputOf(event.tenant_id, event.event_id, 1));
      expect(again.event_id).toBe(event.event_id);
      expect(await again.durable).toMatchObject({ repeat: true });
    },
    isSteady,
  );

const conflict = (which: number): Command =>
  command(
    `conflict with #${which}`,
    async (_, { client, events }) => {
      const event = events[which % Math.max(1, events.length)];
      if (event === undefined) return;
      const other = client.record(inputOf(event.tenant_id, event.event_id, 2));
      expect(await other.durable).toMatchObject({ reason: "refused", error: { code: "id_conflict" } });
    },
    isSteady,
  );

const plan = (next: Plan): Command =>
  command(`plan ${JSON.stringify(next)}`, (_, { receiver }) => receiver.plan(next));

const advance = (ms: number): Command => command(`advance ${ms}`, (_, { clock }) => clock.advance(ms));

const retryNow = (): Command => command("retryNow", (_, { client }) => client.retryNow());

const flush = (): Command =>
  command("flush", async (_, { client, clock }) => {
    const flushed = client.flush({ timeoutMs: 3_000 });
    await clock.advance(3_000);
    await flushed;
  });

const redrive = (state: "rejected" | "quarantined"): Command =>
  command(`redrive ${state}`, async (model, { client }) => {
    const rows = await client.list({ state, limit: 1_000 });
    for (const { event } of rows) model.redriven.add(`${event.tenant_id} ${event.event_id}`);
    expect(await client.redrive({ state })).toBe(rows.length);
  });

const discard = (state: "rejected" | "quarantined"): Command =>
  command(`discard ${state}`, async (_, { client }) => {
    const rows = await client.list({ state, limit: 1_000 });
    expect(await client.discard({ state }, "by hand")).toBe(rows.length);
  });

/** The receiver rejects what it counted. */
const refute = (which: number): Command =>
  command(
    `refute #${which}`,
    async (_, { client, receiver, events }) => {
      const event = events[which % Math.max(1, events.length)];
      if (event === undefined) return;
      const { tenant_id, event_id } = event;
      const before = await client.stats();
      const [state] = await client.refute([{ tenant_id, event_id }], "rejected later");
      expect(state).toMatch(/^(?:refuted|repeat|waiting)$/);
      if (state !== "refuted") return;
      receiver.takeBack(`${tenant_id} ${event_id}`);
      const { acknowledged, refuted } = await client.stats();
      expect(acknowledged + refuted, "acknowledgements that were ever given").toBe(
        before.acknowledged + before.refuted,
      );
    },
    isSteady,
  );

const fates = fc.constantFrom(
  "acknowledged" as const,
  "retry" as const,
  "rejected" as const,
  "counted_unsure" as const,
  "lost_unsure" as const,
);
const plans: fc.Arbitrary<Plan> = fc.oneof(
  fc.record({ kind: fc.constant("fates" as const), fates: fc.array(fates, { minLength: 1, maxLength: 4 }) }),
  fc.record({
    kind: fc.constantFrom(
      "unavailable" as const,
      "blocked" as const,
      "too_large" as const,
      "invalid" as const,
    ),
  }),
  fc.record({
    kind: fc.constantFrom("throws" as const, "hangs" as const, "answers_too_few" as const),
    counts: fc.boolean(),
  }),
);
const lanes = fc.constantFrom<Lane>("live", "live", "backfill");
const dead = fc.constantFrom("rejected" as const, "quarantined" as const);

const commands = fc.commands(
  [
    fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 12 }), lanes).map((given) => record(...given)),
    fc.tuple(fc.nat(2), fc.nat(6), fc.nat(6)).map((given) => seemToClose(...given)),
    fc.nat(50).map(repeat),
    fc.nat(50).map(conflict),
    plans.map(plan),
    plans.map(plan),
    fc.nat(50).map(refute),
    fc.constantFrom(1, 500, 1_000, 2_500, 15_000, 400_000).map(advance),
    fc.constant(retryNow()),
    fc.constant(flush()),
    dead.map(redrive),
    dead.map(discard),
  ],
  { maxCommands: 40 },
);

/** All ends: nothing fails any more, and everything has a fate that the receiver's own count agrees with. */
const holdOracle = async (model: Model, real: Real, dedup: boolean): Promise<void> => {
  const { client, clock, receiver, events } = real;
  receiver.heal();
  for (let i = 0; i < 5; i++) {
    client.retryNow();
    await clock.advance(600_000);
  }
  const stats = await client.stats();
  expect(stats).toMatchObject({ recorded: events.length, pending: 0, lost: 0 });
  const kept = new Map<string, string>();
  for await (const { event, state } of client.export())
    kept.set(`${event.tenant_id} ${event.event_id}`, state);
  let counted = 0;
  for (const { tenant_id, event_id } of events) {
    const identity = `${tenant_id} ${event_id}`;
    const count = receiver.counts.get(identity) ?? 0;
    const state = kept.get(identity);
    if (state === undefined && count > 0) counted++;
    if (state === "rejected") expect(count, `${identity} was rejected`).toBe(0);
    if (dedup || !model.redriven.has(identity))
      expect(count, `${identity} is counted`).toBeLessThanOrEqual(1);
  }
  expect(
    [...receiver.counts.keys()].filter(
      (identity) => !events.some((e) => `${e.tenant_id} ${e.event_id}` === identity),
    ),
    "counted and never issued",
  ).toEqual([]);
  // Acknowledged is what is counted and kept no more, but for what was discarded.
  expect(counted, "counted").toBeGreaterThanOrEqual(stats.acknowledged);
  expect(counted, "counted").toBeLessThanOrEqual(stats.acknowledged + stats.discarded);
  const closing = client.close();
  await clock.advance(20_000);
  expect(await closing).toMatchObject({ persisted: 0, lost: 0 });
  for (const { receipt } of events)
    expect((await receipt.settled).state).not.toMatch(
      model.isUnsteady ? /lost|refused/ : /lost|persisted|refused/,
    );
};

/** The law of delivery under every sequence of uses and faults, checked with a virtual clock. */
export const checkDeliveryLaw = async ({
  dedup,
  breakOutbox,
  breakTransport,
  isUnsteady = false,
  numRuns,
  seed = 20_260_115,
}: LawOptions) =>
  fc.check(
    fc.asyncProperty(commands, async (sequence) => {
      const clock = fakeClock();
      const receiver = new ScriptedReceiver(dedup);
      const outbox = memoryOutbox({ keepAcknowledgedMs: 365 * DAY_MS });
      const client = new MeterClient({
        transport: breakTransport?.(receiver.transport) ?? receiver.transport,
        outbox: breakOutbox?.(outbox) ?? outbox,
        customerLookup: everybody,
        clock,
        random: () => 1,
        timeoutMs: 2_000,
        delivery: { maxInFlight: 2, lingerMs: 200 },
      });
      const model: Model = { recorded: 0, isUnsteady, redriven: new Set() };
      const real: Real = { client, clock, receiver, events: [] };
      await fc.asyncModelRun(() => ({ model, real }), sequence);
      await holdOracle(model, real, dedup);
    }),
    { numRuns, seed },
  );
