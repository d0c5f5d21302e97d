import fc from "fast-check";
import { expect } from "../expect.ts";
import type { CaseContext, ConformanceCase } from "./conformance-case.ts";
import { endingsOf, groupsOf, leasesOf, marksOf, type OpenedOutbox, spansOf } from "./opened-outbox.ts";
import { type ModelRow, OutboxModel } from "./outbox-model.ts";
import {
  repeatOf,
  SAMPLE_TIME,
  type SampleEvent,
  type SampleFields,
  sampleEvent,
  sampleEvents,
} from "./sample-event.ts";

const LIMITS = { maxEvents: 25, maxBytes: 10_000 };
const TENANTS = ["tenant-1", "tenant-2", "tenant-3"];
const METERS = ["api_calls", "storage"];

interface NewEvent {
  readonly tenant: number;
  readonly meter: number;
  readonly bytes: number;
  readonly backfill: boolean;
  readonly hold: boolean;
  /** Whether its identity is new. */
  readonly isFirst: boolean;
  /** Whose identity it takes, if any. */
  readonly repeats: number | undefined;
  readonly otherContent: boolean;
}

interface Commit {
  readonly step: "commit";
  readonly append: readonly NewEvent[];
  /** Maximum number of events in one segment. */
  readonly perSegment: number;
  /** Outcomes of the held events: one letter each, in turn. */
  readonly fates: readonly Fate[];
}

type Fate = "acknowledge" | "release" | "bury" | "quarantine" | "lease" | "spill" | "keep";

/** The owner that takes the step. */
interface Turn {
  readonly owner: number;
  readonly what: Step;
}

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
  bytes: fc.integer({ min: 250, max: 1_500 }),
  hold: fc.boolean(),
  isFirst: fc.boolean(),
  repeats: fc.option(fc.nat(50), { nil: undefined, freq: 4 }),
});

/** The usual case: new events, held by the owner that recorded them. */
const usualEvent: fc.Arbitrary<NewEvent> = fc.record({
  ...content,
  bytes: fc.integer({ min: 250, max: 450 }),
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
  "spill",
  "keep",
);

const perSegment = fc.integer({ min: 1, max: 8 });

const commit: fc.Arbitrary<Step> = fc.record({
  step: fc.constant("commit"),
  append: fc.array(newEvent, { maxLength: 12 }),
  perSegment,
  fates: fc.array(fate, { minLength: 1, maxLength: 8 }),
});

/** Recorded, sent and acknowledged in bulk, which an outbox may implement differently. */
const usualCommit: fc.Arbitrary<Step> = fc.record({
  step: fc.constant("commit"),
  append: fc.array(usualEvent, { minLength: 6, maxLength: 16 }),
  perSegment,
  fates: fc.array(fc.constantFrom<Fate>("lease", "acknowledge", "keep"), { minLength: 1, maxLength: 8 }),
});

const otherSteps: readonly fc.Arbitrary<Step>[] = [
  fc.record({
    step: fc.constant("claim"),
    maxEvents: fc.integer({ min: 1, max: 12 }),
    maxBytes: fc.integer({ min: 1, max: 5_000 }),
  }),
  fc.record({
    step: fc.constantFrom("redrive", "discard"),
    state: fc.constantFrom("rejected", "quarantined"),
    tenant: fc.option(fc.nat(TENANTS.length - 1), { nil: undefined }),
  }),
];

/** After any sequence of changes, the outbox agrees with a small model. */
export const modelCase = (durable: boolean): ConformanceCase => ({
  name: "after any sequence of changes, rows, room and accounts are those of the model",
  settings: { limits: LIMITS },
  run: async (context) => {
    const owners = durable ? 2 : 1;
    const reopen: readonly fc.Arbitrary<Step>[] = durable ? [fc.constant({ step: "reopen" })] : [];
    const what = fc.oneof(commit, usualCommit, usualCommit, ...otherSteps, ...reopen);
    const turns = fc.array(fc.record({ owner: fc.nat(owners - 1), what }), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(turns, (sequence) => runTurns(context, owners, sequence)),
      { numRuns: 60 },
    );
  },
});

const runTurns = async (context: CaseContext, owners: number, turns: readonly Turn[]): Promise<void> => {
  await context.renew();
  const outboxes: OpenedOutbox[] = [];
  for (let owner = 0; owner < owners; owner++) outboxes.push(await context.open());
  const model = new OutboxModel(LIMITS);
  for (const { owner, what } of turns) {
    const outbox = outboxes[owner];
    if (outbox === undefined) throw new Error(`no owner ${owner}`);
    switch (what.step) {
      case "commit":
        await runCommit(outbox, owner, model, what);
        break;
      case "claim":
        await runClaim(outbox, owner, model, what);
        break;
      case "reopen":
        await outbox.close();
        outboxes[owner] = await context.open();
        for (const row of model.heldBy(owner)) Object.assign(row, { holder: GONE });
        break;
      default:
        await runSelection(outbox, model, what.step, what.state, what.tenant);
    }
    await expectSame(outboxes[owner] ?? outbox, model);
  }
};

/** The holder of what was held by an outbox that is closed: nobody's at the next claim, and until then as it was. */
const GONE = -1;

const runCommit = async (
  outbox: OpenedOutbox,
  owner: number,
  model: OutboxModel,
  { append, perSegment, fates }: Commit,
): Promise<void> => {
  const held = model.heldBy(owner);
  const fated = (wanted: Fate) => held.filter((_, index) => fates[index % fates.length] === wanted);
  const events = (rows: readonly ModelRow[]) => rows.map(({ event }) => event);

  const [acknowledged, released, leased] = [fated("acknowledge"), fated("release"), fated("lease")];
  const [rejected, quarantined, spilled] = [fated("bury"), fated("quarantine"), fated("spill")];
  const lease = leasesOf(events(leased), SAMPLE_TIME);
  for (const { event } of released) if (event.attempts % 2 === 1) event.first_sent_at = undefined;

  const set = (rows: readonly ModelRow[], fields: Partial<ModelRow>) => {
    for (const row of rows) {
      const { attempts, first_sent_at } = row.event;
      Object.assign(row, fields, { attempts, first_sent_at });
    }
  };
  set(acknowledged, { state: "acknowledged", holder: undefined });
  set(released, { state: "pending" });
  set(rejected, { state: "rejected", holder: undefined });
  set(quarantined, { state: "quarantined", holder: undefined });
  set(leased, { state: "inflight" });
  set(spilled, { state: "pending", holder: undefined });

  const additions = append.map((fields) => {
    const event = newEventOf(model, fields);
    return { event, hold: fields.hold, expected: model.append(event, fields.hold ? owner : undefined) };
  });
  const changes = {
    end: [
      ...endingsOf(events(acknowledged), { state: "acknowledged" }),
      ...endingsOf(events(rejected), { state: "rejected", reason: "why", status: 400 }),
      ...endingsOf(events(quarantined), { state: "quarantined", reason: "why" }),
    ],
    release: marksOf(events(released)),
    spill: spansOf(events(spilled)),
    lease,
  };
  const groups = groupsOf(
    additions.map(({ event }) => event),
    perSegment,
    (event) => additions.find((addition) => addition.event === event)?.hold,
  );
  const { answers, taken } = await outbox.appendWith(groups, changes, {
    hold: (event) => additions.find((addition) => addition.event === event)?.hold ?? true,
  });
  expect(taken, "nobody took anything").toEqual([]);
  expect(answers.map(({ state }) => state)).toEqual(additions.map(({ expected }) => expected));
  for (const row of model.rows) if (row.key === 0) row.key = row.event.key;
};

const newEventOf = (model: OutboxModel, fields: NewEvent): SampleEvent => {
  const known =
    fields.repeats === undefined ? undefined : model.rows[fields.repeats % Math.max(1, model.rows.length)];
  if (known !== undefined) return repeatOf(known.event, fields.otherContent ? { total_usage: 77 } : {});
  const content: SampleFields = {
    tenant_id: TENANTS[fields.tenant] ?? "tenant-1",
    meter_id: METERS[fields.meter] ?? "api_calls",
    bytes: fields.bytes,
    lane: fields.backfill ? "backfill" : "live",
  };
  const [made] = fields.isFirst ? sampleEvents(1, content) : [];
  return made ?? sampleEvent(content);
};

const runClaim = async (
  outbox: OpenedOutbox,
  owner: number,
  model: OutboxModel,
  { maxEvents, maxBytes }: { readonly maxEvents: number; readonly maxBytes: number },
): Promise<void> => {
  for (const row of model.heldBy(GONE)) Object.assign(row, { state: "pending", holder: undefined });
  const free = model.heldBy(undefined);
  const { events, more } = await outbox.claim({ maxEvents, maxBytes });
  const claimed = events.map((event) => {
    const row = free.find(({ key }) => key === event.key);
    if (row === undefined) throw new Error(`event ${event.event_id} was claimed though somebody has it`);
    expect(event).toMatchObject({
      event: row.event.event,
      seq: row.event.seq,
      producer: row.event.producer,
      attempts: row.attempts,
      first_sent_at: row.first_sent_at,
      lane: row.event.lane,
    });
    row.event = event;
    row.holder = owner;
    return row;
  });
  expect(new Set(claimed).size, "each once").toBe(claimed.length);
  expect(claimed.length).toBeLessThanOrEqual(maxEvents);
  const bytes = claimed.reduce((sum, { event }) => sum + event.bytes, 0);
  if (claimed.length > 1) expect(bytes, "within maxBytes").toBeLessThanOrEqual(maxBytes);
  expect(claimed.length > 0, "something is claimed when something is free").toBe(free.length > 0);
  expect(more).toBe(model.heldBy(undefined).length > 0);
  for (const left of model.heldBy(undefined)) {
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
    else Object.assign(row, { state: "pending", holder: undefined, attempts: 0, first_sent_at: undefined });
  }
};

const expectSame = async (outbox: OpenedOutbox, model: OutboxModel): Promise<void> => {
  expect(await outbox.accounts()).toEqual(model.accounts());
  const rows = await outbox.list();
  expect(
    rows.map(({ key, state, attempts, first_sent_at, event }) => ({
      key,
      state,
      attempts,
      first_sent_at,
      event,
    })),
  ).toEqual(
    model
      .in("pending", "inflight", "rejected", "quarantined")
      .map(({ key, state, attempts, first_sent_at, event }) => ({
        key,
        state,
        attempts,
        first_sent_at,
        event: event.event,
      })),
  );
};
