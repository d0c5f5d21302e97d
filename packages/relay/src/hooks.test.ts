import { memoryTransport } from "@meter-lib/core";
import { systemClock } from "@meter-lib/core/transport";
import { expect, test, vi } from "vitest";
import {
  batchOf,
  customerLookup,
  ORIGIN,
  PRINCIPAL,
  pageEvent,
  pageRequest,
  relayUnderTest,
} from "../test/relay-under-test.ts";
import { served } from "../test/served.ts";
import {
  createRelay,
  type DirectDestination,
  memoryDedup,
  type RelayClient,
  type RelaySettings,
} from "./index.ts";
import { nodeRelayHandler } from "./node/index.ts";

// Every hook of the relay, failing in every way that a hook can: the page gets the safe answer, `onError` is told, and the process
// lives (an unhandled rejection fails the run).

const boom = (): never => {
  throw new Error("boom");
};
const reject = (): Promise<never> => Promise.reject(new Error("boom"));
/** What a program without types may answer. */
const odd =
  <Answer>(value: unknown) =>
  (): Answer =>
    JSON.parse(JSON.stringify(value));
/** A hook as a program without types gives it. */
const untyped = <Hook>(hook: unknown): Hook => {
  const given: object = { hook };
  return Reflect.get(given, "hook");
};
const never = (): Promise<never> => new Promise(() => {});
const asyncHook = { throws: boom, rejects: reject };

interface Seen {
  readonly status: number;
  readonly body: unknown;
  readonly told: readonly unknown[];
}

const postTo = async (
  create: (onError: (error: unknown) => void) => ReturnType<typeof createRelay>,
): Promise<Seen> => {
  const told: unknown[] = [];
  const relay = create((error) => told.push(error));
  const answer = await relay(pageRequest({ body: batchOf(pageEvent()) }));
  return { status: answer.status, body: await answer.json(), told };
};

const postWith = (options: Partial<RelaySettings>): Promise<Seen> =>
  postTo((onError) => relayUnderTest({ onError, limits: { maxConcurrent: 1 }, ...options }).relay);

const BOOM = { message: "boom" };
const unavailable = { status: 503, body: { error: { code: "unavailable" } } };
const retried = { status: 503, body: { results: [{ state: "retry" }] } };
const HANGS = { handOffTimeoutMs: 20 };

test.each<[string, Partial<RelaySettings>, object, object]>([
  ["origins throws", { origins: boom }, { status: 403 }, BOOM],
  // A promise is no answer, and a yes least of all.
  [
    "origins answers a promise",
    { origins: untyped(async () => true) },
    { status: 403 },
    { name: "TypeError" },
  ],
  ["origins rejects", { origins: untyped(reject) }, { status: 403 }, { name: "TypeError" }],
  ["origins answers text", { origins: odd("yes") }, { status: 403 }, { name: "TypeError" }],
  ["authenticate throws", { authenticate: boom }, unavailable, BOOM],
  ["authenticate rejects", { authenticate: reject }, unavailable, BOOM],
  ["authenticate hangs", { authenticate: never, ...HANGS }, unavailable, {}],
  ["authenticate answers nothing of use", { authenticate: odd({}) }, unavailable, { name: "TypeError" }],
  ["authenticate answers null", { authenticate: odd(null) }, unavailable, { name: "TypeError" }],
  [
    "authenticate answers meters as text",
    { authenticate: odd({ ...PRINCIPAL, meters: "page.processed.basic" }) },
    unavailable,
    { message: expect.stringContaining("expected meters to be a list") },
  ],
  ["rate.device throws", { rate: { device: { take: boom } } }, unavailable, BOOM],
  ["rate.device rejects", { rate: { device: { take: reject } } }, unavailable, BOOM],
  [
    "rate.device answers nothing",
    { rate: { device: { take: odd(null) } } },
    unavailable,
    { name: "TypeError" },
  ],
  ["rate.tenant throws", { rate: { tenant: { take: boom } } }, unavailable, BOOM],
  ["rate.tenant rejects", { rate: { tenant: { take: reject } } }, unavailable, BOOM],
  ["rate.tenant hangs", { rate: { tenant: { take: never } }, ...HANGS }, unavailable, {}],
  ["policy throws", { policy: boom }, retried, BOOM],
  ["policy rejects", { policy: reject }, retried, BOOM],
  ["policy hangs", { policy: never, ...HANGS }, retried, {}],
  ["policy answers a number", { policy: odd(1) }, retried, { name: "TypeError" }],
  ["policy answers null", { policy: odd(null) }, retried, { name: "TypeError" }],
  ["dedup.claim throws", { dedup: { ...memoryDedup(), claim: boom } }, unavailable, BOOM],
  ["dedup.claim rejects", { dedup: { ...memoryDedup(), claim: reject } }, unavailable, BOOM],
  ["dedup.claim hangs", { dedup: { ...memoryDedup(), claim: never }, ...HANGS }, unavailable, {}],
  [
    "dedup.claim answers too little",
    { dedup: { ...memoryDedup(), claim: odd([]) } },
    unavailable,
    { name: "TypeError" },
  ],
  [
    "dedup.claim answers null",
    { dedup: { ...memoryDedup(), claim: odd(null) } },
    unavailable,
    { name: "TypeError" },
  ],
  ["dedup.settle throws", { dedup: { ...memoryDedup(), settle: boom } }, { status: 200 }, BOOM],
  ["dedup.settle rejects", { dedup: { ...memoryDedup(), settle: reject } }, { status: 200 }, BOOM],
  ["clock.now throws", { clock: { ...systemClock, now: boom } }, unavailable, BOOM],
  ["clock.schedule throws", { clock: { ...systemClock, schedule: boom } }, unavailable, BOOM],
])("%s", async (_name, options, answer, error) => {
  const { status, body, told } = await postWith(options);
  expect({ status, body }).toMatchObject(answer);
  expect(told[0]).toMatchObject(error);
});

test("dedup.settle that hangs holds up no answer", async () => {
  const { status, body } = await postWith({ dedup: { ...memoryDedup(), settle: never }, ...HANGS });
  expect({ status, body }).toMatchObject({ status: 200, body: { results: [{ state: "accepted" }] } });
});

test.each<[string, RelayClient["ingest"]]>([
  ["throws", boom],
  ["answers nothing", odd(null)],
  ["answers too little", odd([])],
  [
    "gives receipts that reject",
    (events) =>
      events.map(({ event_id }) => ({
        event_id,
        durable: reject(),
        settled: never(),
        stored: undefined,
        fate: undefined,
      })),
  ],
])("client.ingest %s: it may have them, so they come again", async (_name, ingest) => {
  const settings = { authenticate: () => PRINCIPAL, dedup: memoryDedup(), origins: [ORIGIN] };
  const { status, body, told } = await postTo((onError) =>
    createRelay({ ...settings, client: { ingest }, onError }),
  );
  expect({ status, body }).toMatchObject(retried);
  expect(told).toHaveLength(1);
});

test.each<[string, Partial<DirectDestination>, "retry" | "rejected"]>([
  ["transport.send throws", { transport: { ...memoryTransport(), send: boom } }, "rejected"],
  ["transport.send rejects", { transport: { ...memoryTransport(), send: reject } }, "rejected"],
  ["transport.route throws", { transport: { ...memoryTransport(), route: boom } }, "retry"],
  ["customerLookup throws", { customerLookup: { lookup: boom } }, "retry"],
  ["customerLookup rejects", { customerLookup: { lookup: reject } }, "retry"],
])("without a client, %s", async (_name, destination, state) => {
  const { body, told } = await postTo((onError) =>
    createRelay({
      authenticate: () => PRINCIPAL,
      dedup: memoryDedup(),
      origins: [ORIGIN],
      transport: memoryTransport(),
      customerLookup,
      onError,
      ...destination,
    }),
  );
  expect(body).toMatchObject({ results: [{ state }] });
  expect(told).toHaveLength(1);
});

test.each(Object.entries(asyncHook))("onError %s: nothing else breaks", async (_name, onError) => {
  const { relay } = relayUnderTest({ authenticate: boom, onError });
  expect((await relay(pageRequest({ body: batchOf(pageEvent()) }))).status).toBe(503);
});

test("without an onError, the console is told", async () => {
  const { client } = relayUnderTest();
  const relay = createRelay({ authenticate: boom, dedup: memoryDedup(), origins: [ORIGIN], client });
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  await relay(pageRequest({ body: batchOf(pageEvent()) }));
  expect(printed.mock.calls).toMatchObject([[BOOM]]);
  printed.mockRestore();
});

test.each(Object.entries(asyncHook))(
  "a relay that %s is answered 500 by the Node handler, and told",
  async (_name, relay) => {
    const told: unknown[] = [];
    const handler = nodeRelayHandler(relay, { onError: (error) => told.push(error) });
    await using server = await served((incoming, outgoing) => void handler(incoming, outgoing));
    const answer = await fetch(server.url, { method: "POST", body: "{}" });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ error: { code: "internal" } });
    expect(told).toMatchObject([BOOM]);
  },
);

test("an answer that somebody else began is not answered again, and told", async () => {
  const told: unknown[] = [];
  const handler = nodeRelayHandler(relayUnderTest().relay, { onError: (error) => told.push(error) });
  await using server = await served((incoming, outgoing) => {
    outgoing.writeHead(200, { "content-type": "text/plain" });
    outgoing.write("theirs");
    void handler(incoming, outgoing);
  });
  await expect(
    fetch(server.url, { method: "POST", body: "{}" }).then((answer) => answer.text()),
  ).rejects.toThrow();
  expect(told).toMatchObject([{ code: "ERR_HTTP_HEADERS_SENT" }]);
});
