import fc from "fast-check";
import { expect } from "../expect.ts";
import type { CaseContext, ConformanceCase } from "./conformance-case.ts";
import type { OpenedOutbox } from "./opened-outbox.ts";
import { type ModelRow, OutboxModel } from "./outbox-model.ts";
import { repeatOf, SAMPLE_TIME, sampleEvent } from "./sample-event.ts";

const LIMITS = { maxEvents: 25, maxBytes: 4_000 };
const TENANTS = ["tenant-1", "tenant-2", "tenant-3"];
const METERS = ["api_calls", "storage"];

interface NewEvent {
  readonly tenant: number;
  readonly meter: number;
  readonly bytes: number;
  readonly backfill: boolean;
  readonly hold: boolean;
  /** Its identity was made for it just now. */
  readonly isFirst: boolean;
  /** Whose identity it takes, if any. */
  readonly repeats: number | undefined;
  readonly otherContent: boolean;
}

interface Commit {
  readonly step: "commit";
  readonly append: readonly NewEvent[];
  /** What becomes of the held events: one letter for each, in turn. */
  readonly fates: readonly Fate[];
}

type Fate = "acknowledge" | "release" | "bury" | "quarantine" | "lease" | "unhold" | "keep";

type Step =
  | Commit
  | { readonly step: "claim"; readonly maxEvents: number; readonly maxBytes: number }
  | {
      readonly step: "redrive" | "discard";
      readonly state: "rejected" | "quarantined";
      readonly tenant: number | undefined;
    }
  | { readonly step: "reopen" };

const content = {
  tenant: fc.nat(TENANTS.length - 1),
  meter: fc.nat(METERS.length - 1),
  backfill: fc.boolean(),
  otherContent: fc.boolean(),
};

const newEvent: fc.Arbitrary<NewEvent> = fc.record({
  ...content,
  bytes: fc.integer({ min: 1, max: 600 }),
  hold: fc.boolean(),
  isFirst: fc.boolean(),
  repeats: fc.option(fc.nat(50), { nil: undefined, freq: 4 }),
});

/** As most events are: new, and held by who recorded them. */
const usualEvent: fc.Arbitrary<NewEvent> = fc.record({
  ...content,
  bytes: fc.integer({ min: 1, max: 200 }),
  hold: fc.constant(true),
  isFirst: fc.constant(true),
  repeats: fc.constant(undefined),
});

const fate = fc.constantFrom<Fate>(
  "acknowledge",
  "release",
  "bury",
  "quarantine",
  "lease",
  "lease",
  "unhold",
  "keep",
);

const commit: fc.Arbitrary<Step> = fc.record({
  step: fc.constant("commit"),
  append: fc.array(newEvent, { maxLength: 12 }),
  fates: fc.array(fate, { minLength: 1, maxLength: 8 }),
});

/** Recorded, sent and acknowledged, many at a time: what an outbox may do in a way of its own. */
const usualCommit: fc.Arbitrary<Step> = fc.record({
  step: fc.constant("commit"),
  append: fc.array(usualEvent, { minLength: 6, maxLength: 16 }),
  fates: fc.array(fc.constantFrom<Fate>("lease", "acknowledge", "keep"), { minLength: 1, maxLength: 8 }),
});

const otherSteps: readonly fc.Arbitrary<Step>[] = [
  fc.record({
    step: fc.constant("claim"),
    maxEvents: fc.integer({ min: 1, max: 12 }),
    maxBytes: fc.integer({ min: 1, max: 2_000 }),
  }),
  fc.record({
    step: fc.constantFrom("redrive", "discard"),
    state: fc.constantFrom("rejected", "quarantined"),
    tenant: fc.option(fc.nat(TENANTS.length - 1), { nil: undefined }),
  }),
];

/** Any sequence of changes leaves the outbox where a model of fifty lines is. */
export const modelCase = (durable: boolean): ConformanceCase => ({
  name: "after any sequence of changes, rows, room and accounts are those of the model",
  settings: { limits: LIMITS },
  run: async (context) => {
    const reopen: readonly fc.Arbitrary<Step>[] = durable ? [fc.constant({ step: "reopen" })] : [];
    const steps = fc.array(fc.oneof(commit, usualCommit, usualCommit, ...otherSteps, ...reopen), {
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(steps, (sequence) => runSteps(context, sequence)),
      { numRuns: 50 },
    );
  },
});

const runSteps = async (context: CaseContext, steps: readonly Step[]): Promise<void> => {
  await context.renew();
  let outbox = await context.open();
  const model = new OutboxModel(LIMITS);
  for (const step of steps) {
    switch (step.step) {
      case "commit":
        await runCommit(outbox, model, step);
        break;
      case "claim":
        await runClaim(outbox, model, step);
        break;
      case "reopen":
        await outbox.outbox.close();
        outbox = await context.open();
        for (const row of model.pending) {
          row.held = false;
          row.state = "pending";
        }
        break;
      default:
        await runSelection(outbox, model, step.step, step.state, step.tenant);
    }
    await expectSame(outbox, model);
  }
};

const runCommit = async (
  outbox: OpenedOutbox,
  model: OutboxModel,
  { append, fates }: Commit,
): Promise<void> => {
  const held = model.held;
  const fated = (wanted: Fate) => held.filter((_, index) => fates[index % fates.length] === wanted);
  const now = SAMPLE_TIME;

  for (const row of fated("lease")) {
    row.event.attempts++;
    row.event.firstSentAt ??= now;
    row.event.customer_id = "customer";
  }
  for (const row of fated("release")) {
    if (row.event.attempts % 2 === 1) row.event.firstSentAt = undefined;
  }
  const events = (rows: readonly ModelRow[]) => rows.map(({ event }) => event);
  const burial = (state: "rejected" | "quarantined") => (row: ModelRow) => ({
    event: row.event,
    state,
    reason: "why",
    status: 400,
  });

  const set = (rows: readonly ModelRow[], fields: Partial<ModelRow>) => {
    for (const row of rows)
      Object.assign(row, fields, { attempts: row.event.attempts, firstSentAt: row.event.firstSentAt });
  };
  const acknowledged = fated("acknowledge");
  const released = fated("release");
  const rejected = fated("bury");
  const quarantined = fated("quarantine");
  const leased = fated("lease");
  const unheld = fated("unhold");
  set(acknowledged, { state: "acknowledged", held: false });
  set(released, { state: "pending" });
  set(rejected, { state: "rejected", held: false });
  set(quarantined, { state: "quarantined", held: false });
  set(leased, { state: "inflight" });
  set(unheld, { state: "pending", held: false });

  const additions = append.map((fields) => {
    const known =
      fields.repeats === undefined ? undefined : model.rows[fields.repeats % Math.max(1, model.rows.length)];
    const event =
      known === undefined
        ? sampleEvent({
            tenant_id: TENANTS[fields.tenant] ?? "tenant-1",
            meter_id: METERS[fields.meter] ?? "api_calls",
            bytes: fields.bytes,
            lane: fields.backfill ? "backfill" : "live",
          })
        : repeatOf(known.event, fields.otherContent ? { total_usage: 77 } : {});
    event.mayBeRepeat = known !== undefined || !fields.isFirst;
    return { event, hold: fields.hold, expected: model.append(event, fields.hold) };
  });

  const { appended } = await outbox.commit({
    now,
    acknowledge: events(acknowledged),
    release: events(released),
    bury: [...rejected.map(burial("rejected")), ...quarantined.map(burial("quarantined"))],
    append: additions.map(({ event, hold }) => ({ event, hold })),
    lease: events(leased),
    unhold: events(unheld),
  });
  expect(appended.map(({ state }) => state)).toEqual(additions.map(({ expected }) => expected));
  for (const row of model.rows) if (row.key === 0) row.key = row.event.key;
};

const runClaim = async (
  outbox: OpenedOutbox,
  model: OutboxModel,
  { maxEvents, maxBytes }: { readonly maxEvents: number; readonly maxBytes: number },
): Promise<void> => {
  const free = model.unheld;
  const { events, more } = await outbox.claim({ maxEvents, maxBytes });
  const claimed = events.map((event) => {
    const row = free.find(({ key }) => key === event.key);
    if (row === undefined) throw new Error(`event ${event.event_id} was claimed though somebody has it`);
    expect(event).toMatchObject({
      event_id: row.event.event_id,
      tenant_id: row.event.tenant_id,
      attempts: row.attempts,
      firstSentAt: row.firstSentAt,
      lane: row.event.lane,
    });
    row.event = event;
    row.held = true;
    return row;
  });
  expect(new Set(claimed).size, "each once").toBe(claimed.length);
  expect(claimed.length).toBeLessThanOrEqual(maxEvents);
  const bytes = claimed.reduce((sum, { event }) => sum + event.bytes, 0);
  if (claimed.length > 1) expect(bytes, "within maxBytes").toBeLessThanOrEqual(maxBytes);
  expect(claimed.length > 0, "something is claimed when something is free").toBe(free.length > 0);
  expect(more).toBe(model.unheld.length > 0);
  for (const left of model.unheld) {
    const later = claimed.filter(
      ({ key, event }) =>
        key > left.key && event.tenant_id === left.event.tenant_id && event.lane === left.event.lane,
    );
    expect(later, "none is claimed before an older one of its tenant and lane").toEqual([]);
  }
};

const runSelection = async (
  outbox: OpenedOutbox,
  model: OutboxModel,
  what: "redrive" | "discard",
  state: "rejected" | "quarantined",
  tenant: number | undefined,
): Promise<void> => {
  const tenant_id = tenant === undefined ? undefined : TENANTS[tenant];
  const chosen = model
    .in(state)
    .filter(({ event }) => tenant_id === undefined || event.tenant_id === tenant_id);
  const selection = { state, tenant_id };
  const count =
    what === "redrive"
      ? await outbox.outbox.redrive(selection)
      : await outbox.outbox.discard(selection, "enough");
  expect(count).toBe(chosen.length);
  for (const row of chosen) {
    if (what === "discard") row.state = "discarded";
    else Object.assign(row, { state: "pending", held: false, attempts: 0, firstSentAt: undefined });
  }
};

const expectSame = async (outbox: OpenedOutbox, model: OutboxModel): Promise<void> => {
  expect(await outbox.accounts()).toEqual(model.accounts());
  const rows = await outbox.list();
  expect(
    rows.map(({ key, state, attempts, first_sent_at }) => ({ key, state, attempts, first_sent_at })),
  ).toEqual(
    model
      .in("pending", "inflight", "rejected", "quarantined")
      .map(({ key, state, attempts, firstSentAt }) => ({ key, state, attempts, first_sent_at: firstSentAt })),
  );
};
