import { type DeliveryOptions, MeterClient, type Receipt } from "@meter-lib/core";
import type { Transport } from "@meter-lib/core/transport";
import {
  captivePortal,
  type Fault,
  type FaultBackend,
  type FaultBackendOptions,
  faultBackend,
  redirect,
  retryAfter,
} from "@meter-lib/testing/fault-backend";
import { type FetchTransportOptions, fetchTransport } from "@meter-lib/transport-fetch";
import { afterEach, describe, expect, test, vi } from "vitest";
import "@meter-lib/testing/matchers";
import { ALWAYS_DEDUP, everybody, usage } from "../../../../packages/core/test/engine-rig.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Setting {
  readonly dialect: "events" | "kafka-rest";
  readonly dedup: boolean;
  readonly backend?: FaultBackendOptions;
  readonly transport?: Partial<FetchTransportOptions>;
  readonly delivery?: DeliveryOptions;
  /** `timeoutMs` of the first request; later ones have time for any machine. @default 5_000 */
  readonly firstTimeoutMs?: number;
}

const connect = async (setting: Setting) => {
  const { dialect, dedup, backend: options, transport, delivery, firstTimeoutMs = 5_000 } = setting;
  const backend = await faultBackend({ dedup, ...options });
  const wire = (timeoutMs: number): Transport =>
    fetchTransport({
      baseUrl: backend.url,
      dialect,
      dedup: dedup ? ALWAYS_DEDUP : false,
      timeoutMs,
      ...transport,
    });
  const [first, later] = [wire(firstTimeoutMs), wire(5_000)];
  let sends = 0;
  const client = new MeterClient({
    transport: { ...later, send: (...call) => (sends++ === 0 ? first : later).send(...call) },
    customerLookup: everybody,
    delivery: { lingerMs: 1, retryCapMs: 20, ...delivery },
  });
  closers.push(
    () => client.close({ timeoutMs: 0 }),
    () => backend.close(),
  );
  return { backend, client };
};

const expectSameBytes = ({ arrivals }: FaultBackend) => {
  expect(new Set(arrivals.map(({ bytes }) => bytes)).size).toBe(1);
};

const settled = (receipts: readonly Receipt[]) => Promise.all(receipts.map((receipt) => receipt.settled));

const UNSURE: readonly (readonly [string, Fault])[] = [
  ["the connection is cut on arrival", { kind: "reset", when: "on_arrival" }],
  ["the answer is lost after the commit", { kind: "reset", when: "after_commit" }],
  ["the connection is cut in the middle of the answer", { kind: "reset", when: "mid_answer" }],
  ["no answer comes, and the event was counted", { kind: "silence", counts: true }],
  ["no answer comes, and the event was not counted", { kind: "silence", counts: false }],
  ["a captive portal answers 200", captivePortal],
  ["the answer is 204", { kind: "answer", status: 204, counts: true }],
  ["the answer is 202 without a body", { kind: "answer", status: 202, counts: true }],
  ["the answer is JSON of something else", { kind: "answer", status: 200, body: "[]", counts: true }],
  ["the answer is half of its JSON", { kind: "answer", status: 200, body: '{"offs', counts: true }],
  ["500 after the commit", { kind: "answer", status: 500, counts: true }],
  ["502", { kind: "answer", status: 502 }],
  ["503 without Retry-After", { kind: "answer", status: 503 }],
  ["504 after the commit", { kind: "answer", status: 504, counts: true }],
  ["the answer comes late", { kind: "delay", ms: 600 }],
  ["the answer comes byte by byte, for ever", { kind: "slow", msPerByte: 30 }],
];

const CERTAIN: readonly (readonly [string, Fault])[] = [
  ["408", { kind: "answer", status: 408 }],
  ["421", { kind: "answer", status: 421 }],
  ["425", { kind: "answer", status: 425 }],
  ["429", { kind: "answer", status: 429 }],
  ["429 with Retry-After 0", retryAfter("0")],
  ["503 with Retry-After 0", retryAfter("0", 503)],
  ["503 with Retry-After as a date in the past", retryAfter("Wed, 21 Oct 2015 07:28:00 GMT", 503)],
  ["429 with a Retry-After that says nothing", retryAfter("soon")],
  ["503 with a Retry-After that says nothing", retryAfter("soon", 503)],
  ["429 with a Retry-After that is negative", retryAfter("-5")],
];

describe.each(["events", "kafka-rest"] as const)("%s", (dialect) => {
  test.each(UNSURE)("%s: with dedup sent again with the same bytes and counted once", async (_, fault) => {
    const { backend, client } = await connect({ dialect, dedup: true, firstTimeoutMs: 400 });
    backend.next(fault);
    const receipt = client.record(usage());
    expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
    expect(backend.counted).toHaveLength(1);
    expect(backend.requests.length).toBeGreaterThan(1);
    expectSameBytes(backend);
    expect(await client.stats()).toBalance();
  });

  test.each(UNSURE)("%s: without dedup quarantined and never sent again", async (_, fault) => {
    const { backend, client } = await connect({ dialect, dedup: false, firstTimeoutMs: 400 });
    backend.next(fault);
    const receipt = client.record(usage());
    expect(await receipt.settled).toMatchObject({ state: "quarantined" });
    const other = client.record(usage());
    expect(await other.settled).toMatchObject({ state: "acknowledged" });
    expect(backend.requests).toHaveLength(2);
    expect(backend.arrivals.filter(({ event_id }) => event_id === receipt.event_id)).toHaveLength(1);
    const stats = await client.stats();
    expect(stats).toMatchObject({ recorded: 2, quarantined: 1, acknowledged: 1 });
    expect(stats).toBalance();
  });

  test.each(CERTAIN)("%s: certainly not processed, so sent again to any receiver", async (_, fault) => {
    const { backend, client } = await connect({ dialect, dedup: false });
    backend.next(fault, fault);
    const receipt = client.record(usage());
    expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
    expect(backend.requests).toHaveLength(3);
    expect(backend.counted).toHaveLength(1);
    expectSameBytes(backend);
  });

  test.each([
    ["a redirect is not followed", redirect("http://127.0.0.1:9/elsewhere", 302)],
    ["a permanent redirect is not followed", redirect("http://127.0.0.1:9/elsewhere", 308)],
    ["404", { kind: "answer", status: 404 }],
    ["405", { kind: "answer", status: 405 }],
    ["415", { kind: "answer", status: 415 }],
  ] as const)("%s: the destination is blocked, the event waits for somebody to act", async (_, fault) => {
    const { backend, client } = await connect({
      dialect,
      dedup: false,
      delivery: { lingerMs: 1, retryCapMs: 60_000 },
    });
    backend.next(fault);
    const blocked = new Promise((resolve) => client.on("blocked", resolve));
    const receipt = client.record(usage());
    expect(await blocked).toMatchObject({ state: "blocked" });
    expect(await client.stats()).toMatchObject({ pending: 1 });
    client.retryNow();
    expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
    expect(backend.counted).toHaveLength(1);
  });

  test("a refused key is asked for once more, and a rotated one is used from then on", async () => {
    let key = "old";
    let asked = 0;
    const { backend, client } = await connect({
      dialect,
      dedup: false,
      backend: { apiKey: "old" },
      transport: {
        headers: () => ({ authorization: `Bearer ${key}` }),
        refreshCredentials: async () => {
          asked++;
          key = "new";
        },
      },
    });
    expect(await client.record(usage()).settled).toMatchObject({ state: "acknowledged" });
    backend.rotateKey("new");
    expect(await client.record(usage()).settled).toMatchObject({ state: "acknowledged" });
    expect(await client.record(usage()).settled).toMatchObject({ state: "acknowledged" });
    expect(asked).toBe(1);
    expect(backend.requests).toHaveLength(4);
    expect(backend.counted).toHaveLength(3);
  });

  test("a poison event is buried alone; its neighbours are counted", async () => {
    const { backend, client } = await connect({
      dialect,
      dedup: false,
      backend: { poison: ({ event_id }) => event_id === "poison" },
    });
    const receipts = Array.from({ length: 40 }, (_, index) =>
      client.record(usage("tenant-a", index === 17 ? { event_id: "poison" } : {})),
    );
    const outcomes = await settled(receipts);
    expect(outcomes[17]).toMatchObject({ state: "rejected", status: 422 });
    expect(backend.counted).toHaveLength(39);
    expect(new Set(backend.counted.map(({ event_id }) => event_id)).size).toBe(39);
  });

  test.each([
    [
      "throws at once",
      () => {
        throw new TypeError("fetch is broken");
      },
    ],
    ["ignores its signal", () => new Promise<Response>(() => {})],
  ])("a fetch that %s leaves the event unsure and the client alive", async (_, broken) => {
    let calls = 0;
    const { backend, client } = await connect({
      dialect,
      dedup: true,
      firstTimeoutMs: 400,
      transport: { fetch: (...args) => (++calls === 1 ? broken() : fetch(...args)) },
    });
    expect(await client.record(usage()).settled).toMatchObject({ state: "acknowledged" });
    expect(backend.counted).toHaveLength(1);
    expect(calls).toBe(2);
  });

  test("nobody listens: certainly not processed, and the event waits", async () => {
    const { backend, client } = await connect({ dialect, dedup: false });
    await backend.close();
    const receipt = client.record(usage());
    await expect.poll(() => client.health().destinations[0]?.state).toMatch(/retrying|probing/);
    expect(await client.stats()).toMatchObject({ pending: 1, quarantined: 0 });
    // Between two attempts: one on its way would be cut off, and in doubt.
    await vi.waitFor(() => {
      expect(client.health().destinations[0]?.inFlight).toBe(0);
      return client.close({ timeoutMs: 0 });
    }, 60_000);
    expect(await receipt.settled).toEqual({ state: "lost" });
  });
});

describe("batches of kafka-rest", () => {
  const dialect = "kafka-rest";

  test("a body that is too large is halved until it fits", async () => {
    const { backend, client } = await connect({ dialect, dedup: false, backend: { maxBodyBytes: 4_000 } });
    const outcomes = await settled(Array.from({ length: 60 }, () => client.record(usage())));
    expect(outcomes.every(({ state }) => state === "acknowledged")).toBe(true);
    expect(backend.counted).toHaveLength(60);
    expect(backend.requests.some(({ body }) => body.length > 4_000)).toBe(true);
  });

  test.each([
    ["too few", 3],
    ["none", 0],
    ["too many", 9],
  ])("%s results: nobody knows which is whose, so all are unsure", async (_, count) => {
    for (const dedup of [true, false]) {
      const { backend, client } = await connect({ dialect, dedup });
      backend.next({ kind: "results", count });
      const outcomes = await settled(Array.from({ length: 5 }, () => client.record(usage())));
      const fate = dedup ? "acknowledged" : "quarantined";
      expect(outcomes.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => fate));
      expect(backend.counted).toHaveLength(5);
    }
  });

  test("of a 200 with errors only the failed records go on", async () => {
    const { backend, client } = await connect({ dialect, dedup: false });
    backend.next({ kind: "record_errors", positions: [1, 3], error_code: 50_002, error: "no such schema" });
    const outcomes = await settled(Array.from({ length: 5 }, () => client.record(usage())));
    expect(outcomes.map(({ state }) => state)).toEqual([
      "acknowledged",
      "rejected",
      "acknowledged",
      "rejected",
      "acknowledged",
    ]);
    expect(backend.requests).toHaveLength(1);
  });

  test("a retriable error of a record leaves it unsure", async () => {
    const { backend, client } = await connect({ dialect, dedup: true });
    backend.next({ kind: "record_errors", positions: [0], error_code: 50_003, error: "timed out" });
    const outcomes = await settled([client.record(usage()), client.record(usage())]);
    expect(outcomes.map(({ state }) => state)).toEqual(["acknowledged", "acknowledged"]);
    expect(backend.requests[1]?.events).toHaveLength(1);
    expect(backend.counted).toHaveLength(2);
  });
});

test("a Retry-After of one second is waited for", async () => {
  const { backend, client } = await connect({ dialect: "events", dedup: false });
  backend.next(retryAfter("1", 503));
  const before = performance.now();
  await client.record(usage()).settled;
  expect(performance.now() - before).toBeGreaterThanOrEqual(995);
  expect(backend.counted).toHaveLength(1);
});
