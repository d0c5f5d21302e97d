import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { expect, test } from "vitest";
import { listening } from "../../test/listen.ts";
import { metered } from "../../test/metered.ts";
import { requestMeteringSuite } from "../../test/request-metering-suite.ts";
import { streamed } from "../../test/streamed.ts";
import { honoMetering } from "../hono.ts";

const isHttpServer = (server: ServerType) => "closeIdleConnections" in server;

requestMeteringSuite("Hono", async (options, tenant, routes) => {
  const metering = honoMetering({ ...options, tenant: (context) => tenant(context.req.header("x-tenant")) });
  const app = new Hono();
  for (const [path, { handle, usage }] of Object.entries(routes)) {
    const middleware =
      usage === undefined ? metering.middleware : metering.meter((_, timing) => usage(timing));
    app.on(["GET", "POST"], path, middleware, async (context) => {
      const status = await handle(() => metering.of(context));
      return new Response(status === 304 ? null : "done", { status });
    });
  }
  app.onError(() => new Response("broken", { status: 500 }));
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  if (!isHttpServer(server)) throw new Error("not HTTP/1");
  await new Promise<void>((resolve) => server.once("listening", resolve));
  return listening(server);
});

test("the execution context of a runtime keeps the invocation alive until the event is delivered", async () => {
  const { client, transport } = metered();
  const metering = honoMetering({ client, tenant: () => "t1" });
  const app = new Hono();
  app.use(metering.middleware);
  app.post(
    "/scan",
    metering.meter(() => ({ meter_id: "page.processed.basic", total_usage: 1 })),
    (context) => context.text("done"),
  );
  const kept: Promise<unknown>[] = [];
  const response = await app.request(
    "/scan",
    { method: "POST" },
    {},
    {
      waitUntil: (work) => kept.push(work),
      passThroughOnException: () => {},
      props: {},
    },
  );
  expect(response.status).toBe(200);
  expect(kept.length).toBeGreaterThanOrEqual(1);
  await Promise.all(kept);
  expect(transport.events).toHaveLength(1);
  await client.close();
});

test.each(["middleware", "meter"] as const)(
  "%s: what is recorded while the body streams is delivered before the invocation ends",
  async (kind) => {
    const { client, transport } = metered();
    const metering = honoMetering({ client, tenant: () => "t1" });
    const app = new Hono();
    const middleware = kind === "middleware" ? metering.middleware : metering.meter(() => null);
    app.get("/answer", middleware, (context) => {
      const meter = metering.of(context);
      return context.body(
        streamed(() => void meter?.record({ meter_id: "page.processed.basic", total_usage: 1 })),
      );
    });
    const kept: Promise<unknown>[] = [];
    const execution = {
      waitUntil: (work: Promise<unknown>) => kept.push(work),
      passThroughOnException: () => {},
      props: {},
    };
    const response = await app.request("/answer", {}, {}, execution);
    expect(await response.text()).toBe("word word word ");
    await Promise.all(kept);
    expect(transport.events).toHaveLength(1);
    await client.close();
  },
);

test("a body that is cancelled, and one that nobody asked for, end the wait", async () => {
  const { client } = metered();
  const metering = honoMetering({ client, tenant: () => "t1" });
  const app = new Hono();
  app.use(metering.middleware);
  app.get("/answer", (context) => context.body(streamed(() => {})));
  const kept: Promise<unknown>[] = [];
  const execution = {
    waitUntil: (work: Promise<unknown>) => kept.push(work),
    passThroughOnException: () => {},
    props: {},
  };
  await (await app.request("/answer", {}, {}, execution)).body?.cancel();
  await app.request("/answer", { method: "HEAD" }, {}, execution);
  await Promise.all(kept);
  expect(kept).toHaveLength(2);
  await client.close();
});

test("a handler that asks for a meter nobody bound is told what is missing", async () => {
  const { client } = metered();
  const metering = honoMetering({ client, tenant: () => "t1" });
  const app = new Hono();
  app.get("/", (context) => context.text(String(metering.of(context))));
  let caught: unknown;
  app.onError((error, context) => {
    caught = error;
    return context.text("", 500);
  });
  await app.request("/");
  expect(caught).toMatchObject({ code: "invalid_options", message: expect.stringContaining("middleware") });
  await client.close();
});
