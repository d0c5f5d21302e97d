import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postRecords } from "../testing/post-events.ts";

const NOON = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
});
afterEach(() => sandbox.close());

interface Revision {
  readonly event_id: string;
  readonly revision: number;
  readonly total_usage: number;
  readonly event_time?: number;
  readonly meter_id?: string;
}

/** A record: the event itself as revision 0, corrections above. */
const record = ({
  event_id,
  revision,
  total_usage,
  event_time = NOON,
  meter_id = "page.processed.basic",
}: Revision) => ({
  meter_id,
  customer_id: "cust_001",
  total_usage,
  event_time,
  metadata: {
    "meter.event_id": revision === 0 ? event_id : `${event_id}~${revision}`,
    "meter.tenant_id": "tenant_123",
    ...(revision === 0
      ? {}
      : {
          "meter.corrects": event_id,
          "meter.revision": String(revision),
        }),
  },
});

const cancelling = (event_id: string, revision: number) => {
  const { metadata, ...rest } = record({ event_id, revision, total_usage: 0 });
  return { ...rest, metadata: { ...metadata, "meter.cancelled": "true" } };
};

test("the highest revision of an identity counts, whatever comes first", async () => {
  await postRecords(sandbox.url, [
    record({ event_id: "a", revision: 2, total_usage: 5 }),
    record({ event_id: "a", revision: 0, total_usage: 1 }),
    record({ event_id: "b", revision: 0, total_usage: 10 }),
    record({ event_id: "a", revision: 1, total_usage: 3 }),
  ]);
  expect(sandbox.usage()).toMatchObject([{ events: 2, total_usage: 15 }]);
  await postRecords(sandbox.url, [cancelling("b", 1)]);
  expect(sandbox.usage()).toMatchObject([{ events: 1, total_usage: 5 }]);
  expect(await getJson(sandbox.url, "/sandbox/v1/ledger")).toMatchObject({
    rows: [{ events: 1, total_usage: 5 }],
  });
  const ids = `/sandbox/v1/ledger/ids?tenant_id=tenant_123&meter_id=page.processed.basic&hour=${NOON}`;
  expect(await getJson(sandbox.url, ids)).toEqual({ ids: ["a"], without_id: 0 });
});

test("an amendment may move usage to another hour, and takes a level or a peak back", async () => {
  const meter_id = "document.storage.size_gb";
  await postRecords(sandbox.url, [
    record({ meter_id, event_id: "a", revision: 0, total_usage: 7 }),
    record({ meter_id, event_id: "b", revision: 0, total_usage: 9, event_time: NOON + 1 }),
  ]);
  expect(sandbox.usage()).toMatchObject([{ total_usage: 9 }]);
  await postRecords(sandbox.url, [
    record({ meter_id, event_id: "b", revision: 1, total_usage: 4, event_time: NOON - HOUR }),
  ]);
  expect(sandbox.usage({ by: "hour" })).toMatchObject([
    { hour: NOON - HOUR, total_usage: 4 },
    { hour: NOON, total_usage: 7, events: 1 },
  ]);
});

test("by the values of a metadata key, peak and newest value are those of the last revisions", async () => {
  await using own = await createSandbox({
    tenants: { tenant_123: "cust_001", tenant_9: "cust_001" },
    catalog: {
      stored: { type: "volume", aggregation: "last" },
      peak: { type: "volume", aggregation: "max" },
    },
    clock: { now: () => NOON + HOUR },
  });
  const labelled = (revision: Revision, region: string, tenant_id = "tenant_123") => {
    const { metadata, ...rest } = record(revision);
    return { ...rest, metadata: { ...metadata, "meter.tenant_id": tenant_id, region } };
  };
  for (const meter_id of ["stored", "peak"]) {
    const event = (name: string, revision: number, total_usage: number, at = 0) => ({
      meter_id,
      event_id: `${meter_id}-${name}`,
      revision,
      total_usage,
      event_time: NOON + at,
    });
    await postRecords(own.url, [
      labelled(event("a", 0, 5), "eu"),
      labelled(event("b", 0, 90, 1), "eu"),
      labelled(event("c", 0, 7, 2), "us"),
      labelled(event("d", 0, 3, 3), "eu", "tenant_9"),
    ]);
    const points = async (by: string, query = "") =>
      getJson(
        own.url,
        `/sandbox/v1/usage/series?meter_id=${meter_id}&group_by=metadata.region&by=${by}${query}`,
      );
    const tenant = "&tenant_id=tenant_123";
    expect(await points("hour", tenant)).toMatchObject({
      series: [{ group: "eu", points: [{ total_usage: 90 }] }, { group: "us" }],
    });
    // One moves to the other region, and says less.
    await postRecords(own.url, [labelled(event("b", 1, 6, 1), "us")]);
    for (const by of ["hour", "day"])
      expect(await points(by, tenant), `${meter_id} by ${by}`).toMatchObject({
        series: expect.arrayContaining([
          expect.objectContaining({ group: "eu", points: [expect.objectContaining({ total_usage: 5 })] }),
          expect.objectContaining({ group: "us", points: [expect.objectContaining({ total_usage: 7 })] }),
        ]),
      });
    const eu = meter_id === "peak" ? 5 : 8;
    expect(await points("day")).toMatchObject({
      series: expect.arrayContaining([
        expect.objectContaining({ group: "eu", points: [expect.objectContaining({ total_usage: eu })] }),
      ]),
    });
  }
});

test("a cancelled boundary leaves its session open", async () => {
  const boundary = (event_id: string, times: object, more: object = {}) => ({
    meter_id: "chat.on.time_hours",
    customer_id: "cust_001",
    ai_event: true,
    ...times,
    metadata: {
      "meter.event_id": event_id,
      "meter.tenant_id": "tenant_123",
      "meter.session_id": "s",
      ...more,
    },
  });
  await postRecords(sandbox.url, [
    boundary("start", { start_time: NOON }),
    boundary("end", { end_time: NOON + 50 }),
  ]);
  const corrects = { "meter.corrects": "end", "meter.revision": "1" };
  await postRecords(sandbox.url, [boundary("end~1", { end_time: NOON + 80 }, corrects)]);
  expect(sandbox.usage()).toMatchObject([{ duration_ms: 80, events: 2 }]);
  const cancels = { "meter.corrects": "end", "meter.revision": "2", "meter.cancelled": "true" };
  await postRecords(sandbox.url, [boundary("end~2", { end_time: NOON + 80 }, cancels)]);
  expect(sandbox.usage()).toMatchObject([{ duration_ms: 0, events: 1 }]);
});

test.each([
  [{ "meter.corrects": "a" }, "metadata.meter.revision"],
  [{ "meter.revision": "1" }, "metadata.meter.corrects"],
  [{ "meter.corrects": "a", "meter.revision": "0" }, "metadata.meter.revision"],
])("a correction that does not say what it corrects is refused: %j", async (more, field) => {
  const { metadata, ...rest } = record({ event_id: "a~1", revision: 0, total_usage: 1 });
  const answer = await postRecords(sandbox.url, [{ ...rest, metadata: { ...metadata, ...more } }]);
  expect(answer.status).toBe(422);
  expect(await answer.text()).toContain(field);
});

test("whatever arrives, in whatever order and however often, usage is the fold of the highest revisions", async () => {
  const arrival = fc.record({
    id: fc.constantFrom("a", "b", "c"),
    revision: fc.nat(3),
    hour: fc.nat(1),
    usage: fc.option(fc.nat(9), { nil: undefined }),
    batch: fc.boolean(),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { maxLength: 15 }), async (arrivals) => {
      const prefix = `run-${run++}`;
      // One revision of an identity says one thing.
      const said = new Map(arrivals.map((each) => [`${each.id} ${each.revision}`, each]));
      const latest = new Map<string, (typeof arrivals)[number]>();
      let batch: object[] = [];
      for (const { id, revision, batch: ends } of arrivals) {
        const own = said.get(`${id} ${revision}`);
        if (own === undefined) continue;
        const event_id = `${prefix}-${id}`;
        const isCancelled = own.usage === undefined && revision > 0;
        const time = NOON + own.hour * HOUR;
        batch.push(
          isCancelled
            ? cancelling(event_id, revision)
            : record({ event_id, revision, total_usage: own.usage ?? 0, event_time: time }),
        );
        if ((latest.get(id)?.revision ?? -1) < revision) latest.set(id, own);
        if (ends) await postRecords(sandbox.url, batch.splice(0));
      }
      if (batch.length > 0) await postRecords(sandbox.url, batch);
      batch = [];
      const counting = [...latest.values()].filter(
        ({ usage, revision }) => usage !== undefined || revision === 0,
      );
      const usage = sandbox.usage();
      expect({ events: usage[0]?.events ?? 0, total_usage: usage[0]?.total_usage ?? 0 }).toEqual({
        events: counting.length,
        total_usage: counting.reduce((sum, each) => sum + (each.usage ?? 0), 0),
      });
      await fetch(`${sandbox.url}/sandbox/v1/reset`, { method: "POST" });
    }),
    { numRuns: 40 },
  );
});
