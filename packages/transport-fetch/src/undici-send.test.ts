import { createServer, type Server } from "node:http";
import { MeterClient } from "@meter-lib/core";
import { afterEach, expect, test } from "vitest";
import { fetchTransport } from "./fetch-transport.ts";
import type { HttpSend } from "./http-send.ts";
import { undiciSend } from "./undici-send.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

const listen = (answer: Parameters<typeof createServer>[1]): Promise<string> =>
  new Promise((resolve) => {
    server = createServer(answer).listen(0, "127.0.0.1", () => {
      const address = server?.address();
      resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/base/api`);
    });
  });

const request = (url: string) => ({
  url,
  headers: { "content-type": "application/json", "x-tenant-id": "t" },
  body: '{"a":"ä"}',
});
const noSignal = new AbortController().signal;

test("posts what it is given and reads the answer", async () => {
  const seen: unknown[] = [];
  const url = await listen((incoming, response) => {
    incoming
      .setEncoding("utf8")
      .on("data", (body) =>
        seen.push([incoming.method, incoming.url, incoming.headers["x-tenant-id"], body]),
      );
    incoming.on("end", () => response.writeHead(201, { "retry-after": "3" }).end("grüß dich"));
  });
  const response = await undiciSend()(request(url), noSignal);
  expect(response.status).toBe(201);
  expect([response.header("retry-after"), response.header("absent")]).toEqual(["3", null]);
  expect(await response.read(1_000)).toEqual({ text: "grüß dich", whole: true });
  expect(seen).toEqual([["POST", "/base/api", "t", '{"a":"ä"}']]);
});

test("reads no more than it may, and follows no redirect", async () => {
  const url = await listen((_, response) =>
    response.writeHead(302, { location: "/elsewhere" }).end("x".repeat(200_000)),
  );
  const response = await undiciSend()(request(url), noSignal);
  expect(response.status).toBe(302);
  expect(await response.read(100)).toEqual({ text: "x".repeat(100), whole: false });
});

test("a long answer is held back until somebody reads it, then comes whole", async () => {
  const LENGTH = 32 * 1024 * 1024;
  let sent = false;
  const url = await listen((incoming, response) => {
    if (incoming.method === "HEAD") response.end();
    else
      response.end("x".repeat(LENGTH), () => {
        sent = true;
      });
  });
  const response = await undiciSend()(request(url), noSignal);
  // Far more turns of the event loop than it would take to read it all.
  for (let turn = 0; turn < 300; turn++) await fetch(url, { method: "HEAD" });
  expect(sent).toBe(false);
  const { text, whole } = await response.read(LENGTH);
  expect([text.length, whole, sent]).toEqual([LENGTH, true, true]);
});

test("a body that breaks off is no body", async () => {
  const url = await listen((incoming, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => setImmediate(() => incoming.socket.destroy()));
  });
  const response = await undiciSend()(request(url), noSignal);
  await expect(response.read(1_000)).rejects.toThrow();
});

test("one that waits for a connection is given up at once, and never sent", async () => {
  const paths: (string | undefined)[] = [];
  let answerFirst = () => {};
  const url = await listen((incoming, response) => {
    paths.push(incoming.url);
    answerFirst = () => response.end("done");
  });
  const send = undiciSend({ connections: 1 });
  const first = send(request(url), noSignal);
  const impatient = new AbortController();
  const second = send(request(`${url}/second`), impatient.signal);
  impatient.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
  await expect.poll(() => paths).toEqual(["/base/api"]);
  answerFirst();
  expect(await (await first).read(100)).toEqual({ text: "done", whole: true });
  const third = send(request(url), noSignal);
  await expect.poll(() => paths).toEqual(["/base/api", "/base/api"]);
  answerFirst();
  expect((await third).status).toBe(200);
});

test("an answer that is given up breaks nothing", async () => {
  const url = await listen((_, response) => response.write("never ends"));
  const response = await undiciSend()(request(url), noSignal);
  response.discard();
});

test("rejects when nobody is there, when the connection breaks and when it is aborted", async () => {
  const url = await listen((incoming) => incoming.socket.destroy());
  await expect(undiciSend()(request(url), noSignal)).rejects.toThrow();
  await expect(undiciSend()(request(url), AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  server?.close();
  await expect(undiciSend()(request("http://127.0.0.1:1/"), noSignal)).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
});

test("carries events of a client", async () => {
  const url = await listen((_, response) =>
    response.setHeader("content-type", "application/json").end('{"status":"accepted"}'),
  );
  const send: HttpSend = undiciSend({ connections: 2 });
  const customerLookup = { lookup: async () => ({ state: "found" as const, customer_id: "cust_001" }) };
  const client = new MeterClient({ transport: fetchTransport({ baseUrl: url, send }), customerLookup });
  const result = await client.post({
    tenant_id: "t",
    device_id: "d",
    meter_id: "page.processed.basic",
    total_usage: 1,
  });
  expect(result).toMatchObject({ ok: true, response: { status: "accepted" } });
});

test("is one way to send among others, not one beside another", () => {
  expect(() => fetchTransport({ baseUrl: "http://localhost", send: undiciSend(), fetch })).toThrow(
    "send: expected one way to send",
  );
});
