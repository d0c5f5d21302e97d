import { chmod } from "node:fs/promises";
import { Producer } from "@platformatic/kafka";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { whyNoJava } from "../../transport-kafka/test/java-home.ts";
import { temporaryFolder } from "../../transport-kafka/test/temporary-folder.ts";
import { whyNoPostgres } from "./postgres.ts";
import { type Stack, startStack, stopStack } from "./stack.ts";

const missing = (await whyNoJava()) ?? whyNoPostgres();
if (missing !== undefined) console.warn(`pipeline tests skipped: ${missing}`);

const WAIT = { timeout: 120_000, interval: 500 };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 15, 12);

describe.skipIf(missing !== undefined)(`the SQL on a mini-cluster${missing ? ` (${missing})` : ""}`, () => {
  let stack: Stack;
  let producer: Producer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let places = 0;

  beforeAll(async () => {
    folder = await temporaryFolder();
    await chmod(folder.path, 0o755);
    stack = await startStack({
      folder: folder.path,
      settings: { DEDUP_WINDOW: "15 s", CHECKPOINT_INTERVAL: "1 s", PARALLELISM: "1" },
    });
    producer = new Producer({ clientId: "test", bootstrapBrokers: [stack.broker.address] });
  });
  afterAll(async () => {
    await producer?.close();
    if (stack !== undefined) await stopStack(stack);
    await folder?.[Symbol.asyncDispose]();
  });

  /** Writes records as they are, in order: texts, or a value with headers. */
  const write = async (
    ...records: readonly (
      | string
      | null
      | {
          readonly value: object;
          readonly headers?: Readonly<Record<string, string>>;
          /** The record's timestamp. */
          readonly written?: number;
        }
    )[]
  ): Promise<void> => {
    await producer.send({
      acks: -1,
      messages: records.map((record) => {
        const { value, headers, written } =
          typeof record === "object" && record !== null ? record : { value: record };
        const text = typeof value === "object" && value !== null ? JSON.stringify(value) : value;
        return {
          topic: "usage-events",
          partition: 0,
          timestamp: BigInt(written ?? Date.now()),
          ...(text === null ? {} : { value: Buffer.from(text) }),
          headers: new Map(
            Object.entries(headers ?? {}).map(([name, id]) => [
              Buffer.from(`meter.${name}`),
              Buffer.from(id),
            ]),
          ),
        };
      }),
    });
  };
  /** A customer of its own for each test. */
  const newCustomer = (): string => `customer-${places++}`;
  const pages = (customer_id: string, total_usage: number, event_time = NOW) => ({
    meter_id: "page.processed.basic",
    customer_id,
    total_usage,
    event_time,
    metadata: {},
  });
  const counted = (customer: string) =>
    stack.postgres.query(
      `SELECT tenant_id, meter_id, (hour_ms - ${NOW}) / ${HOUR} AS hour, events, total_usage, duration_ms FROM usage WHERE customer_id = '${customer}' ORDER BY 1, 2, 3`,
    );
  const untilCounted = (customer: string, rows: readonly unknown[]) =>
    vi.waitFor(async () => expect(await counted(customer)).toEqual(rows), WAIT);
  const row = (fields: object) => ({
    tenant_id: "acme",
    meter_id: "page.processed.basic",
    hour: 0,
    duration_ms: 0,
    total_usage: null,
    ...fields,
  });

  test("an identity counts once, whether headers or metadata tell it", async () => {
    const customer = newCustomer();
    const ids = { event_id: `${customer}-1`, tenant_id: "acme" };
    const inMetadata = { "meter.event_id": ids.event_id, "meter.tenant_id": "acme" };
    await write(
      { value: pages(customer, 5), headers: ids },
      { value: { ...pages(customer, 5), metadata: inMetadata } },
      { value: pages(customer, 5), headers: ids },
      // Another tenant's event of the same id is another event.
      { value: pages(customer, 7), headers: { ...ids, tenant_id: "globex" } },
    );
    await untilCounted(customer, [
      row({ events: 1, total_usage: 5 }),
      row({ tenant_id: "globex", events: 1, total_usage: 7 }),
    ]);
  });

  test("a client that sends no ids is counted as it comes, and without a time at the time of its record", async () => {
    const customer = newCustomer();
    const value = pages(customer, 5);
    await write(
      { value },
      { value },
      { value: { ...value, event_time: undefined }, written: NOW - HOUR / 2 },
    );
    await untilCounted(customer, [
      row({ tenant_id: "", hour: -1, events: 1, total_usage: 5 }),
      row({ tenant_id: "", events: 2, total_usage: 10 }),
    ]);
  });

  test("a level is not added up: the newest value stands, whatever arrives last", async () => {
    const customer = newCustomer();
    const level = (total_usage: number, minute: number) => ({
      value: {
        ...pages(customer, total_usage, NOW + minute * 60_000),
        meter_id: "document.storage.size_gb",
      },
      headers: { event_id: `${customer}-${minute}`, tenant_id: "acme" },
    });
    await write(level(90, 10), level(120, 30), level(100, 20));
    await untilCounted(customer, [
      row({ meter_id: "document.storage.size_gb", events: 3, total_usage: 120 }),
    ]);
    await write(level(4, 40));
    await untilCounted(customer, [row({ meter_id: "document.storage.size_gb", events: 4, total_usage: 4 })]);
  });

  test("a session's two boundaries make a duration in the hour of the end, whichever arrives first", async () => {
    const customer = newCustomer();
    const boundary = (side: "start" | "end", time: number) => ({
      value: {
        ai_event: true,
        meter_id: "chat.on.time_hours",
        customer_id: customer,
        metadata: {},
        [`${side}_time`]: time,
      },
      headers: { event_id: `${customer}-${side}`, tenant_id: "acme", session_id: `${customer}-session` },
    });
    await write(boundary("end", NOW + 2 * HOUR + 60_000));
    await untilCounted(customer, [row({ meter_id: "chat.on.time_hours", hour: 2, events: 1 })]);
    await write(boundary("start", NOW + 30_000));
    await untilCounted(customer, [
      row({ meter_id: "chat.on.time_hours", hour: 0, events: 1 }),
      row({ meter_id: "chat.on.time_hours", hour: 2, events: 1, duration_ms: 2 * HOUR + 30_000 }),
    ]);
  });

  test("an event with both times is a duration by itself, from the epoch too", async () => {
    const customer = newCustomer();
    const value = { ai_event: true, meter_id: "chat.query.time_secs", customer_id: customer, metadata: {} };
    await write({
      value: { ...value, start_time: 0, end_time: 1_500 },
      headers: { event_id: customer, tenant_id: "acme" },
    });
    await untilCounted(customer, [
      row({ meter_id: "chat.query.time_secs", hour: -NOW / HOUR, events: 1, duration_ms: 1_500 }),
    ]);
  });

  test("an event that is days late counts where it belongs", async () => {
    const customer = newCustomer();
    const headers = (n: number) => ({ event_id: `${customer}-${n}`, tenant_id: "acme" });
    await write(
      { value: pages(customer, 1), headers: headers(1) },
      { value: pages(customer, 2, NOW - 40 * DAY), headers: headers(2) },
    );
    await untilCounted(customer, [
      row({ hour: -40 * 24, events: 1, total_usage: 2 }),
      row({ events: 1, total_usage: 1 }),
    ]);
  });

  test("what cannot be counted goes to the dead letters with the reason, and stops nobody", async () => {
    const customer = newCustomer();
    const bad = [
      "not JSON",
      '"text"',
      // No value at all, as a compacted topic has it for what was deleted.
      null,
      { value: { ...pages(customer, 1), meter_id: "no.such.meter" } },
      { value: { ...pages(customer, 1), customer_id: "" } },
      { value: pages(customer, -1) },
      { value: pages(customer, 1.5) },
      { value: { ...pages(customer, 1), total_usage: "24" } },
      { value: { ...pages(customer, 1), event_time: "yesterday" } },
      { value: { meter_id: "chat.query.time_secs", customer_id: customer, start_time: "1", end_time: 2 } },
      { value: { meter_id: "chat.on.time_hours", customer_id: customer } },
      { value: { meter_id: "chat.on.time_hours", customer_id: customer, start_time: 2, end_time: 1 } },
      {
        value: pages(customer, 1),
        headers: { tenant_id: "acme", event_id: "e~0", corrects: "e", revision: "0" },
      },
    ];
    await write(...bad, { value: pages(customer, 3), headers: { event_id: customer, tenant_id: "acme" } });
    await untilCounted(customer, [row({ events: 1, total_usage: 3 })]);
    const reasons = await vi.waitFor(async () => {
      const letters = await stack.broker.read("usage-dead-letters");
      expect(letters.length).toBe(bad.length);
      return letters.map(({ value }) => JSON.parse(value ?? "").reason);
    }, WAIT);
    expect(reasons.toSorted()).toEqual([
      "customer_id is missing",
      "end_time is before start_time",
      "event_time is no time in milliseconds",
      "meter.revision is no integer from 1",
      "meter_id is not in the catalog",
      "neither start_time nor end_time",
      "start_time is no time in milliseconds",
      "the value is no JSON object",
      "the value is no JSON object",
      "the value is no JSON object",
      "total_usage is no integer from 0",
      "total_usage is no integer from 0",
      "total_usage is no integer from 0",
    ]);
  });

  test("what a producer numbered and did not arrive is a gap, until it arrives", async () => {
    const customer = newCustomer();
    const numbered = (seq: number) => ({
      value: pages(customer, 1),
      headers: { event_id: `${customer}-${seq}`, tenant_id: "acme", producer: customer, seq: String(seq) },
    });
    const untilGaps = (gaps: object) =>
      vi.waitFor(async () => {
        const rows = await stack.postgres.query(
          `SELECT received, highest, missing FROM producer_gaps WHERE producer = '${customer}'`,
        );
        expect(rows).toEqual([gaps]);
      }, WAIT);
    await write(numbered(1), numbered(2), numbered(5));
    await untilGaps({ received: 3, highest: 5, missing: 2 });
    await write(numbered(4), numbered(3));
    await untilGaps({ received: 5, highest: 5, missing: 0 });
  });

  test("the highest revision counts, whatever arrives last; of a cancelled event nothing is left", async () => {
    const customer = newCustomer();
    const ids = (event_id: string) => ({ event_id, tenant_id: "acme" });
    const revision = (n: number, usage: number, at = NOW, more = {}) => ({
      value: pages(customer, usage, at),
      headers: { ...ids(`${customer}~${n}`), corrects: customer, revision: String(n), ...more },
    });
    await write({ value: pages(customer, 240), headers: ids(customer) }, revision(2, 24, NOW + HOUR));
    await untilCounted(customer, [row({ hour: 1, events: 1, total_usage: 24 })]);
    // Too late, and a repeat; the last one is told by metadata, as a Kafka REST server writes it.
    const { value, headers } = revision(3, 24, NOW + HOUR, { cancelled: "true" });
    const metadata = Object.fromEntries(Object.entries(headers).map(([name, id]) => [`meter.${name}`, id]));
    await write(
      revision(1, 25),
      revision(2, 24, NOW + HOUR),
      { value: pages(customer, 1), headers: ids(`${customer}-other`) },
      { value: { ...value, metadata } },
    );
    await untilCounted(customer, [row({ events: 1, total_usage: 1 })]);
  });

  test("a session is what the last revisions of its boundaries say", async () => {
    const customer = newCustomer();
    const boundary = (side: "start" | "end", time: number, more = {}) => ({
      value: { meter_id: "chat.on.time_hours", customer_id: customer, [`${side}_time`]: time },
      headers: {
        event_id: `${customer}-${side}`,
        tenant_id: "acme",
        session_id: `${customer}-session`,
        ...more,
      },
    });
    const hours = (fields: object) => row({ meter_id: "chat.on.time_hours", ...fields });
    await write(boundary("start", NOW), boundary("end", NOW + HOUR / 2));
    await untilCounted(customer, [hours({ events: 2, duration_ms: HOUR / 2 })]);
    const corrects = `${customer}-end`;
    await write(boundary("end", NOW + 2 * HOUR, { event_id: `${corrects}~1`, corrects, revision: "1" }));
    await untilCounted(customer, [
      hours({ events: 1 }),
      hours({ hour: 2, events: 1, duration_ms: 2 * HOUR }),
    ]);
    const cancelled = { event_id: `${corrects}~2`, corrects, revision: "2", cancelled: "true" };
    await write(boundary("end", NOW + 2 * HOUR, cancelled));
    await untilCounted(customer, [hours({ events: 1 })]);
  });

  test("events recorded, corrected, repeated and reordered at random count as their last revisions say", async () => {
    const customer = newCustomer();
    const meters = ["page.processed.basic", "document.storage.size_gb"] as const;
    const revision = fc.record({
      usage: fc.integer({ min: 0, max: 1_000 }),
      hour: fc.integer({ min: 0, max: 2 }),
      cancelled: fc.boolean(),
    });
    const identity = fc.record({
      meter: fc.constantFrom(...meters),
      revisions: fc.array(revision, { minLength: 1, maxLength: 4 }),
    });
    const some = fc.array(identity, { minLength: 100, maxLength: 100 });
    const [identities = []] = fc.sample(some, { numRuns: 1, seed: 1 });
    // Each at a time of its own, so that the newest level of an hour is one.
    const timeOf = (n: number, hour: number) => NOW + hour * HOUR + n;
    const records = identities.flatMap(({ meter, revisions }, n) =>
      revisions.map(({ usage, hour, cancelled }, place) => {
        const event_id = `${customer}-${n}`;
        return {
          value: { ...pages(customer, usage, timeOf(n, hour)), meter_id: meter },
          headers: {
            tenant_id: "acme",
            event_id: place === 0 ? event_id : `${event_id}~${place}`,
            ...(place === 0 ? {} : { corrects: event_id, revision: String(place) }),
            ...(place > 0 && cancelled ? { cancelled: "true" } : {}),
          },
        };
      }),
    );
    const [order = []] = fc.sample(
      fc.shuffledSubarray([...records, ...records], { minLength: records.length * 2 }),
      { numRuns: 1, seed: 2 },
    );
    await write(...order);

    const last = identities.flatMap(({ meter, revisions }, n) => {
      const { usage = 0, hour = 0, cancelled } = revisions.at(-1) ?? {};
      return cancelled && revisions.length > 1 ? [] : [{ meter_id: meter, usage, hour, n }];
    });
    const expected = meters.flatMap((meter_id) =>
      [0, 1, 2].flatMap((hour) => {
        const there = last.filter((event) => event.meter_id === meter_id && event.hour === hour);
        const total_usage =
          meter_id === "document.storage.size_gb"
            ? there.at(-1)?.usage
            : there.reduce((sum, { usage }) => sum + usage, 0);
        return there.length === 0 ? [] : [row({ meter_id, hour, events: there.length, total_usage })];
      }),
    );
    expect(expected).toHaveLength(6);
    await untilCounted(
      customer,
      expected.toSorted((a, b) =>
        a.meter_id < b.meter_id ? -1 : a.meter_id > b.meter_id ? 1 : a.hour - b.hour,
      ),
    );
  });

  test("the dedup forgets after its window; the sum does not", async () => {
    const customer = newCustomer();
    const event = (name: string, usage: number) => ({
      value: pages(customer, usage),
      headers: { event_id: `${customer}-${name}`, tenant_id: "acme" },
    });
    await write(event("first", 1_000), event("repeated", 5));
    await untilCounted(customer, [row({ events: 2, total_usage: 1_005 })]);
    // Again and again: it counts a second time when its window is over, on top of what was there.
    await vi.waitFor(async () => {
      await write(event("repeated", 5));
      expect(await counted(customer)).toEqual([row({ events: 3, total_usage: 1_010 })]);
    }, WAIT);
  });
});
