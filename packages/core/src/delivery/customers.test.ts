import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqliteOutbox } from "../../../outbox-sqlite/src/index.ts";
import { type CustomerLookup, memoryOutbox, type Outbox } from "../index.ts";
import type { LookupAnswer } from "../transport.ts";
import "../../../testing/src/matchers.ts";
import { DAY_MS, engineRig, recordMany, usage } from "../../test/engine-rig.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meter-customers-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const knownLater = () => {
  const answers = new Map<string, LookupAnswer>();
  let asked = 0;
  const lookup: CustomerLookup = {
    lookup: async (tenant_id) => {
      asked++;
      return answers.get(tenant_id) ?? { state: "found", customer_id: `customer of ${tenant_id}` };
    },
  };
  return { answers, lookup, asked: () => asked };
};

const outboxes: readonly (readonly [string, () => Outbox])[] = [
  ["memoryOutbox", () => memoryOutbox()],
  ["sqliteOutbox", () => sqliteOutbox({ path: join(folder, "outbox.db"), thread: "main" })],
];

describe.each(outboxes)("with %s", (_, outbox) => {
  test("events of an unknown customer are kept, visible and asked for; others go on; all is counted in the end", async () => {
    const { answers, lookup, asked } = knownLater();
    answers.set("tenant-x", { state: "unknown" });
    const { client, clock, transport } = engineRig({ customerLookup: lookup, outbox: outbox() });
    const told: string[] = [];
    client.on("parked", ({ tenant_id, cause }) => told.push(`parked ${tenant_id} ${cause}`));
    client.on("unparked", ({ tenant_id }) => told.push(`unparked ${tenant_id}`));
    recordMany(client, 5, "tenant-x");
    recordMany(client, 3, "tenant-b");
    await clock.advance(2_000);
    recordMany(client, 2, "tenant-x");
    await clock.advance(2_000);
    expect(transport.events.map(({ tenant_id }) => tenant_id)).toEqual(["tenant-b", "tenant-b", "tenant-b"]);
    expect(client.health().parked).toMatchObject([{ tenant_id: "tenant-x", cause: "unknown", events: 7 }]);
    expect(await client.stats()).toMatchObject({ recorded: 10, acknowledged: 3, pending: 7 });
    expect(await client.flush({ timeoutMs: 1_000 })).toBe(false);
    await clock.advance(3_600_000);
    // An unknown customer comes by a person's hand: no hurry to ask.
    expect(asked()).toBeLessThan(30);
    answers.delete("tenant-x");
    await clock.advance(600_000);
    expect(transport).toHaveAcknowledged(10);
    expect(transport).toHaveCountedOnce();
    expect(told).toEqual(["parked tenant-x unknown", "unparked tenant-x"]);
    expect(client.health().parked).toEqual([]);
    expect(await client.stats()).toBalance();
    await client.close();
  });

  test("a lookup that fails is asked again soon, and retryNow asks at once", async () => {
    const { answers, lookup } = knownLater();
    answers.set("tenant-x", { state: "failed", reason: "the portal is down" });
    const { client, clock, transport } = engineRig({ customerLookup: lookup, outbox: outbox() });
    recordMany(client, 2, "tenant-x");
    await clock.advance(4_000);
    expect(client.health().parked).toMatchObject([{ cause: "failed", reason: "the portal is down" }]);
    answers.delete("tenant-x");
    client.retryNow();
    await clock.advance(1_000);
    expect(transport).toHaveAcknowledged(2);
    await client.close();
  });
});

describe("a lookup that refuses its credentials", () => {
  const refused = (status = 401): LookupAnswer => ({
    state: "failed",
    reason: `HTTP ${status}: it refuses the key`,
    status,
    credentials: true,
  });
  const told = (client: ReturnType<typeof engineRig>["client"]) => {
    const words: string[] = [];
    client.on("blocked", ({ name, reason }) => words.push(`blocked ${name}: ${reason}`));
    client.on("unblocked", ({ name }) => words.push(`unblocked ${name}`));
    client.on("parked", ({ tenant_id, cause }) => words.push(`parked ${tenant_id} ${cause}`));
    client.on("unparked", ({ tenant_id }) => words.push(`unparked ${tenant_id}`));
    return words;
  };

  test.each(outboxes)(
    "is blocked, parks nobody, and all is counted when it takes them: %s",
    async (_, outbox) => {
      let answer: LookupAnswer | undefined = refused();
      const lookup = async (tenant_id: string): Promise<LookupAnswer> =>
        answer ?? { state: "found", customer_id: tenant_id };
      const { client, clock, transport } = engineRig({ customerLookup: { lookup }, outbox: outbox() });
      const words = told(client);
      recordMany(client, 5, "tenant-a");
      recordMany(client, 5, "tenant-b");
      await clock.advance(60_000);
      recordMany(client, 5, "tenant-c");
      await clock.advance(60_000);
      expect(words).toEqual(["blocked customer lookup: HTTP 401: it refuses the key"]);
      expect(client.health()).toMatchObject({
        ok: false,
        parked: [],
        lookup: { state: "blocked", queued: 15, status: 401, retryAt: expect.any(Number) },
      });
      expect(await client.flush({ timeoutMs: 1_000 })).toBe(false);

      answer = undefined;
      await clock.advance(300_000);
      expect(transport).toHaveAcknowledged(15);
      expect(words.slice(1)).toEqual(["unblocked customer lookup"]);
      expect(client.health()).toMatchObject({
        ok: true,
        lookup: { state: "open", queued: 0, reason: undefined },
      });
      await client.close();
    },
  );

  test("for one tenant alone, parks that one", async () => {
    const lookup = async (tenant_id: string): Promise<LookupAnswer> =>
      tenant_id === "tenant-x" ? refused(403) : { state: "found", customer_id: tenant_id };
    const { client, clock, transport } = engineRig({ customerLookup: { lookup } });
    const words = told(client);
    recordMany(client, 3, "tenant-x");
    await clock.advance(2_000);
    for (let i = 0; i < 5; i++) {
      recordMany(client, 1, `tenant-${i}`);
      await clock.advance(600_000);
    }
    expect(transport).toHaveAcknowledged(5);
    expect(words).toEqual([
      "blocked customer lookup: HTTP 403: it refuses the key",
      "unblocked customer lookup",
      "parked tenant-x failed",
    ]);
    expect(client.health()).toMatchObject({
      lookup: { state: "open" },
      parked: [{ tenant_id: "tenant-x", events: 3, status: 403 }],
    });
    await client.close({ timeoutMs: 0 });
  });

  test("lets events fill the outbox, not a quarter of it", async () => {
    const lookup = async () => refused();
    const outbox = memoryOutbox({ maxEvents: 100 });
    const { client, clock } = engineRig({ customerLookup: { lookup }, outbox });
    recordMany(client, 10);
    await clock.advance(2_000);
    recordMany(client, 100);
    await clock.advance(2_000);
    expect(await client.stats()).toMatchObject({ recorded: 100, refused: { no_room: 10 } });
    await client.close({ timeoutMs: 0 });
  });
});

test("an event keeps the customer it was leased with, when the lookup changes its mind; later ones have the new one", async () => {
  const { answers, lookup } = knownLater();
  const { client, clock, transport } = engineRig({ customerLookup: lookup });
  transport.failNext({ state: "unsure", reason: "lost" });
  client.record(usage("tenant-x"));
  await clock.advance(1_000);
  answers.set("tenant-x", { state: "found", customer_id: "another" });
  await clock.advance(DAY_MS);
  client.record(usage("tenant-x"));
  await clock.advance(2_000);
  expect(transport.events.map(({ customer_id }) => customer_id)).toEqual(["customer of tenant-x", "another"]);
});

test("a parked tenant fills a quarter of the outbox and no more", async () => {
  const { answers, lookup } = knownLater();
  answers.set("tenant-x", { state: "unknown" });
  const { client, clock, transport } = engineRig({
    customerLookup: lookup,
    outbox: memoryOutbox({ maxEvents: 100 }),
  });
  client.record(usage("tenant-x"));
  await clock.advance(100);
  for (let i = 0; i < 60; i++) {
    client.record(usage("tenant-x"));
    await clock.settle();
  }
  expect(await client.stats()).toMatchObject({ pending: 25 });
  recordMany(client, 50, "tenant-b");
  await clock.advance(2_000);
  expect(transport).toHaveAcknowledged(50);
});

test.each([
  ["throws", () => Promise.reject(new Error("boom"))],
  [
    "throws at once",
    () => {
      throw new Error("boom");
    },
  ],
  ["never answers", () => new Promise<LookupAnswer>(() => {})],
  ["finds a customer without an id", async () => ({ state: "found", customer_id: "" }) as const],
])("a lookup that %s parks the tenant", async (_, lookup) => {
  const { client, clock } = engineRig({ customerLookup: { lookup } });
  client.record(usage());
  await clock.advance(16_000);
  expect(client.health().parked).toMatchObject([{ cause: "failed" }]);
  expect(await client.stats()).toMatchObject({ pending: 1 });
});
