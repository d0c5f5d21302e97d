import { createServer, request } from "node:http";
import express from "express";
import { expect, test } from "vitest";
import { listening } from "../../test/listen.ts";
import { metered } from "../../test/metered.ts";
import { requestMeteringSuite } from "../../test/request-metering-suite.ts";
import { meterContext } from "../context.ts";
import { expressMetering } from "../express.ts";

requestMeteringSuite("Express", async (options, tenant, routes) => {
  const metering = expressMetering({ ...options, tenant: (incoming) => tenant(incoming.header("x-tenant")) });
  const app = express();
  for (const [path, { handle, usage }] of Object.entries(routes)) {
    const middleware =
      usage === undefined ? metering.middleware : metering.meter((_, __, timing) => usage(timing));
    const handler: express.RequestHandler = async (incoming, response) => {
      response.status(await handle(() => metering.of(incoming))).send("done");
    };
    app.route(path).get(middleware, handler).post(middleware, handler);
  }
  const broken: express.ErrorRequestHandler = (_error, _request, response, _next) => {
    response.status(500).send("broken");
  };
  app.use(broken);
  return listening(createServer(app));
});

test("a client that hangs up before it has its answer is not metered", async () => {
  const { client, recorded } = metered();
  const metering = expressMetering({ client, tenant: () => "t1" });
  const app = express();
  const arrived = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  app.post(
    "/scan",
    metering.meter(() => ({ meter_id: "page.processed.basic", total_usage: 1 })),
    (_request, response) => {
      response.once("close", () => closed.resolve());
      arrived.resolve();
    },
  );
  const server = createServer(app);
  const { url, close } = await listening(server);
  const outgoing = request(`${url}/scan`, { method: "POST" });
  outgoing.on("error", () => {});
  outgoing.end();
  await arrived.promise;
  outgoing.destroy();
  await closed.promise;
  await close();
  expect(await recorded()).toEqual([]);
  await client.close();
});

test("behind a reader of the body that loses the context, meter() and middleware bring it back", async () => {
  const { client } = metered();
  const context = meterContext(client);
  const metering = expressMetering({ client, tenant: () => "t1", context });
  const app = express();
  app.use(metering.middleware);
  // As multer, formidable and express-fileupload do: on with the request from one of its own events.
  const readBody: express.RequestHandler = (incoming, _response, next) => {
    incoming.on("data", () => {});
    incoming.on("end", () => next());
  };
  const found: express.RequestHandler = (incoming, response) => {
    response.status(context.findMeter() === metering.of(incoming) ? 200 : 500).send();
  };
  app.post("/lost", readBody, found);
  app.post(
    "/meter",
    readBody,
    metering.meter(() => null),
    found,
  );
  app.post("/middleware", readBody, metering.middleware, found);
  const server = createServer(app);
  const { url, close } = await listening(server);
  // Longer than what has arrived by the time the request is handled.
  const statusOf = async (path: string) =>
    (await fetch(url + path, { method: "POST", body: "x".repeat(300_000) })).status;
  expect([await statusOf("/lost"), await statusOf("/meter"), await statusOf("/middleware")]).toEqual([
    500, 200, 200,
  ]);
  await close();
  await client.close();
});

test("both middlewares on one request ask for the tenant once, and meter once", async () => {
  const { client, recorded } = metered();
  let asked = 0;
  const metering = expressMetering({
    client,
    tenant: () => {
      asked++;
      return "t1";
    },
  });
  const app = express();
  app.use(metering.middleware);
  app.post(
    "/scan",
    metering.meter(() => ({ meter_id: "page.processed.basic", total_usage: 1 })),
    (_request, response) => void response.send("done"),
  );
  const served = await listening(createServer(app));
  await served.request("/scan", {});
  await served.close();
  expect(asked).toBe(1);
  expect(await recorded()).toEqual(["t1 page.processed.basic 1"]);
  await client.close();
});
