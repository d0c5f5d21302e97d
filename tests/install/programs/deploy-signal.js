// A deployment's signal while a request is in flight: it is answered, what it used is delivered, and the process ends by the signal.
// With the name of a framework: the service. Without: sends each signal to a service of each.
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { MeterClient, memoryTransport, staticCustomers } from "meter-lib";
import { closeOnSignals } from "meter-lib/node";

const PAGE = { meter_id: "page.processed.basic", total_usage: 1 };

/** Each serves `scan` and gives its port, and how to end it. */
const FRAMEWORKS = {
  express: async (scan) => {
    const { default: express } = await import("express");
    const app = express().get("/", async (_request, response) => response.send(await scan()));
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { port: server.address().port, close: () => server[Symbol.asyncDispose]() };
  },
  fastify: async (scan) => {
    const { default: fastify } = await import("fastify");
    const app = fastify({ forceCloseConnections: "idle" }).get("/", () => scan());
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: app.server.address().port, close: () => app.close() };
  },
  hono: async (scan) => {
    const [{ Hono }, { serve }] = await Promise.all([import("hono"), import("@hono/node-server")]);
    const app = new Hono().get("/", async (c) => c.text(await scan()));
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    return { port: server.address().port, close: () => server[Symbol.asyncDispose]() };
  },
};

const serveAs = async (framework) => {
  const transport = memoryTransport();
  const client = new MeterClient({
    transport,
    customerLookup: staticCustomers({ tenant_123: "cust_001" }),
    defaults: { tenant_id: "tenant_123", device_id: "device_1" },
  });
  const signalled = Promise.withResolvers();
  const { port, close } = await FRAMEWORKS[framework](async () => {
    console.log("in flight");
    await signalled.promise;
    client.record(PAGE);
    return "scanned";
  });
  const told = {
    close: async (options) => {
      await client.close(options);
      console.log(`delivered ${transport.events.length}`);
    },
  };
  closeOnSignals(told, {
    before: () => {
      const closed = close();
      signalled.resolve();
      return closed;
    },
  });
  console.log(port);
};

const sendTo = async (framework, signal) => {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1], framework], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const stop = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const lines = [];
  let answer;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === 1) answer = fetch(`http://127.0.0.1:${line}/`).then((response) => response.text());
    if (line === "in flight") child.kill(signal);
  }
  const [code, endedBy] = await ended;
  clearTimeout(stop);
  const got = [await answer, ...lines.slice(1), code, endedBy].join(", ");
  return got === `scanned, in flight, delivered 1, , ${signal}` ? [] : [`${framework}, ${signal}: ${got}`];
};

const [framework] = process.argv.slice(2);
if (framework !== undefined) await serveAs(framework);
else {
  const wrong = [];
  for (const signal of ["SIGTERM", "SIGINT"])
    for (const name of Object.keys(FRAMEWORKS)) wrong.push(...(await sendTo(name, signal)));
  if (wrong.length > 0) throw new Error(wrong.join("; "));
  console.log("ok");
}
