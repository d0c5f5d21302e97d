import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { MeterClient } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { createSandbox } from "@meter-lib/sandbox";
import { type FetchTransportOptions, fetchTransport } from "@meter-lib/transport-fetch";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ORIGIN, pageEvent } from "../test/relay-under-test.ts";
import { served } from "../test/served.ts";
import { createRelay, memoryDedup, type Relay, tenantTokens } from "./index.ts";
import { nodeRelayHandler } from "./node/index.ts";
import { sqliteDedup } from "./sqlite/index.ts";

let folder = "";
let files = 0;
const newPath = (): string => join(folder, `store-${++files}.db`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meter-relay-"));
});
afterAll(() => rm(folder, { recursive: true }));

const tokens = tenantTokens({ secret: "a secret of thirty-two characters and more" });
const customerLookup = staticCustomers({ tenant_123: "cust_001" });

interface Backend {
  readonly relay: Relay;
  readonly usage: () => unknown;
  readonly flush: () => Promise<boolean>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A sandbox, a client with a durable outbox that delivers to it, and a relay in front. */
const backend = async (transport: Partial<FetchTransportOptions> = {}): Promise<Backend> => {
  const sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
  const client = new MeterClient({
    transport: fetchTransport({ baseUrl: sandbox.url, ...transport }),
    customerLookup,
    outbox: sqliteOutbox({ path: newPath() }),
  });
  const dedup = sqliteDedup({ path: newPath() });
  return {
    relay: createRelay({ authenticate: tokens.authenticate, origins: [ORIGIN], client, dedup }),
    usage: () =>
      sandbox.usage().map(({ tenant_id, customer_id, total_usage, events, duplicates }) => ({
        tenant_id,
        customer_id,
        total_usage,
        events,
        duplicates,
      })),
    flush: () => client.flush(),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await dedup[Symbol.asyncDispose]?.();
      await sandbox.close();
    },
  };
};

/** Posts to a URL as a page does by `sendBeacon`: no header of its own, the token in the body. */
const postBeacon = async (url: string, events: readonly unknown[]) => {
  const token = await tokens.issue({ tenant_id: "tenant_123", device_id: "web-1" });
  const answer = await fetch(url, {
    method: "POST",
    headers: { origin: ORIGIN, "content-type": "text/plain;charset=UTF-8" },
    body: JSON.stringify({ sent_at: Date.now(), token, events }),
  });
  return { status: answer.status, body: await answer.json() };
};

const EVENTS = [pageEvent({ event_id: "a", total_usage: 3 }), pageEvent({ event_id: "b", total_usage: 4 })];
const results = (state: string) => ({
  status: 200,
  body: {
    results: [
      { event_id: "a", state },
      { event_id: "b", state },
    ],
  },
});
const COUNTED = [
  { tenant_id: "tenant_123", customer_id: "cust_001", total_usage: 7, events: 2, duplicates: 0 },
];

/** Sends one batch three times through a mounted relay; it must be counted once. */
const expectCountedOnce = async (url: string, { flush, usage }: Backend) => {
  expect(await postBeacon(url, EVENTS)).toEqual(results("accepted"));
  expect(await postBeacon(url, EVENTS)).toEqual(results("duplicate"));
  expect(await flush()).toBe(true);
  expect(usage()).toEqual(COUNTED);
  expect(await postBeacon(url, EVENTS)).toEqual(results("duplicate"));
  expect(await flush()).toBe(true);
  expect(usage()).toEqual(COUNTED);
  const foreign = await fetch(url, { method: "OPTIONS", headers: { origin: "https://evil.example.com" } });
  expect(foreign.status).toBe(403);
  const preflight = await fetch(url, { method: "OPTIONS", headers: { origin: ORIGIN } });
  expect(preflight.status).toBe(204);
};

test("mounted in Hono", async () => {
  await using behind = await backend();
  const app = new Hono();
  app.all("/meter", (context) => behind.relay(context.req.raw));
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(port));
  await expectCountedOnce(`http://127.0.0.1:${await promise}/meter`, behind);
  await new Promise((done) => server.close(done));
});

test("mounted in Express", async () => {
  await using behind = await backend();
  const app = express();
  app.use("/meter", nodeRelayHandler(behind.relay));
  app.use(express.json());
  await using server = await served(app);
  await expectCountedOnce(`${server.url}/meter`, behind);
});

test("mounted in Fastify", async () => {
  await using behind = await backend();
  const app = fastify();
  const handler = nodeRelayHandler(behind.relay);
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scope.route({
      method: ["POST", "OPTIONS"],
      url: "/meter",
      handler: (request, reply) => {
        reply.hijack();
        return handler(request.raw, reply.raw);
      },
    });
  });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  await expectCountedOnce(`${url}/meter`, behind);
  await app.close();
});

test("as a route handler, with nothing between", async () => {
  await using behind = await backend();
  const POST = behind.relay;
  const token = await tokens.issue({ tenant_id: "tenant_123", device_id: "web-1" });
  const request = () =>
    new Request("https://app.example.com/meter", {
      method: "POST",
      headers: { origin: ORIGIN, "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ sent_at: Date.now(), events: EVENTS }),
    });
  expect(await (await POST(request())).json()).toEqual(results("accepted").body);
  expect(await (await POST(request())).json()).toEqual(results("duplicate").body);
  await behind.flush();
  expect(behind.usage()).toEqual(COUNTED);
});

test.each<[string, Partial<FetchTransportOptions>]>([
  ["one event per request", { strictWire: true }],
  ["kafka-rest", { strictWire: true, dialect: "kafka-rest" }],
])("a receiver that drops no repeats counts a batch that comes again once: %s", async (_name, transport) => {
  await using behind = await backend(transport);
  const handler = nodeRelayHandler(behind.relay);
  await using server = await served((incoming, outgoing) => void handler(incoming, outgoing));
  await expectCountedOnce(server.url, behind);
});

test("without an outbox, a batch that comes again is counted once too", async () => {
  await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
  const relay = createRelay({
    authenticate: tokens.authenticate,
    origins: [ORIGIN],
    dedup: memoryDedup(),
    transport: fetchTransport({ baseUrl: sandbox.url, strictWire: true }),
    customerLookup,
  });
  const handler = nodeRelayHandler(relay);
  await using server = await served((incoming, outgoing) => void handler(incoming, outgoing));
  expect(await postBeacon(server.url, EVENTS)).toEqual(results("accepted"));
  expect(await postBeacon(server.url, EVENTS)).toEqual(results("duplicate"));
  expect(sandbox.usage()).toMatchObject([{ total_usage: 7, events: 2 }]);
});
