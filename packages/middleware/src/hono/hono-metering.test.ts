import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { expect, test } from "vitest";
import { listening } from "../../test/listen.ts";
import { metered } from "../../test/metered.ts";
import { requestMeteringSuite } from "../../test/request-metering-suite.ts";
import { honoMetering } from "../hono.ts";

const isHttpServer = (server: ServerType) => "closeIdleConnections" in server;

requestMeteringSuite("Hono", async (options, tenant, routes) => {
  const metering = honoMetering({ ...options, tenant: (context) => tenant(context.req.header("x-tenant")) });
  const app = new Hono();
  for (const [path, { handle, usage }] of Object.entries(routes)) {
    const middleware =
      usage === undefined ? metering.middleware : metering.meter((_, timing) => usage(timing));
    app.post(path, middleware, async (context) => {
      const status = await handle(() => metering.of(context));
      return new Response("done", { status });
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
