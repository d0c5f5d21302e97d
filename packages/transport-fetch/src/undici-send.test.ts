import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect } from "node:net";
import { type Duplex, pipeline } from "node:stream";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { MeterClient } from "@meter-lib/core";
import { Agent, ProxyAgent } from "undici";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { listen as listenOn } from "../test/loopback-server.ts";
import { outcomesOf } from "../test/outcomes-of.ts";
import { sendOne } from "../test/send-one.ts";
import { fetchTransport } from "./fetch-transport.ts";
import type { HttpSend } from "./http/http-send.ts";
import { undiciSend } from "./undici-send.ts";

let server: Server | undefined;
afterEach(() => {
  vi.unstubAllEnvs();
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
  await expect(second).rejects.toMatchObject({ name: "NotSentError", cause: { message: "enough" } });
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

test("says whether a request that has no answer had begun", async () => {
  const url = await listen((incoming) => incoming.socket.destroy());
  await expect(undiciSend()(request(url), noSignal)).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
  await expect(undiciSend()(request(url), AbortSignal.abort(new Error("enough")))).rejects.toMatchObject({
    name: "NotSentError",
    cause: { message: "enough" },
  });
  server?.close();
  await expect(undiciSend()(request("http://127.0.0.1:1/"), noSignal)).rejects.toMatchObject({
    name: "NotSentError",
    cause: { code: "ECONNREFUSED" },
  });
});

test("an answer aborted on the way had begun", async () => {
  const caller = new AbortController();
  const url = await listen(() => caller.abort(new Error("enough")));
  await expect(undiciSend()(request(url), caller.signal)).rejects.toThrow("enough");
});

test("asks for an answer as it is, and reads one in gzip, deflate or br all the same", async () => {
  const text = "grüß dich ".repeat(100);
  const codings: Record<string, (body: string) => Buffer> = {
    gzip: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    "gzip, br": (body) => brotliCompressSync(gzipSync(body)),
  };
  const asked: unknown[] = [];
  const url = await listen((incoming, response) => {
    asked.push(incoming.headers["accept-encoding"]);
    const coding = String(incoming.headers["x-tenant-id"]);
    response.setHeader("content-encoding", coding).end(codings[coding]?.(text) ?? deflateRawSync(text));
  });
  const answerIn = async (coding: string, maxBytes = 10_000) => {
    const headers = { "x-tenant-id": coding };
    return (await undiciSend()({ ...request(url), headers }, noSignal)).read(maxBytes);
  };
  for (const coding of Object.keys(codings))
    expect([coding, await answerIn(coding)]).toEqual([coding, { text, whole: true }]);
  codings.deflate = deflateRawSync;
  expect(await answerIn("deflate")).toEqual({ text, whole: true });
  expect(await answerIn("gzip", 500)).toEqual({ text: "", whole: false });
  await expect(answerIn("zstd")).rejects.toThrow('"zstd"');
  expect(new Set(asked)).toEqual(new Set(["identity"]));
});

test("goes through the dispatcher that it is given, and takes no options of an agent beside it", async () => {
  const url = await listen((_, response) => response.end("done"));
  const dispatcher = new Agent();
  const origins: unknown[] = [];
  const send = undiciSend({
    dispatcher: dispatcher.compose((dispatch) => (options, handler) => {
      origins.push(options.origin);
      return dispatch(options, handler);
    }),
  });
  expect((await send(request(url), noSignal)).status).toBe(200);
  expect(origins).toEqual([new URL(url).origin]);
  await dispatcher.close();
  await expect(send(request(url), noSignal)).rejects.toThrow("the request was not sent");
  expect(() => undiciSend({ dispatcher, connections: 4 })).toThrow("connections: expected nothing");
});

/** A proxy that answers every CONNECT, and every request, with this status; and what it was asked for. */
const proxyThatSays = async (status: string) => {
  const seen: (string | undefined)[] = [];
  const proxy = createServer((incoming, response) => {
    seen.push(incoming.url);
    response.writeHead(Number(status.slice(0, 3))).end();
  });
  proxy.on("connect", (incoming, socket) => {
    seen.push(incoming.url);
    socket.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const address = proxy.address();
  return { seen, url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}` };
};

test.each([
  ["407 Proxy Authentication Required", "blocked"],
  ["403 Forbidden", "blocked"],
  ["502 Bad Gateway", "unavailable"],
])("NODE_USE_ENV_PROXY=1: a proxy that answers %s leaves nothing unsure: %s", async (status, kind) => {
  const proxy = await proxyThatSays(status);
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  vi.stubEnv("HTTPS_PROXY", proxy.url);
  vi.stubEnv("NO_PROXY", "");
  const answer = await sendOne({ baseUrl: "https://meter.example.com", send: undiciSend() });
  expect(answer.fault).toMatchObject({ kind });
  expect(proxy.seen).toEqual(["meter.example.com:443"]);
});

test("NODE_USE_ENV_PROXY=1: the receiver's TLS is that of the agent, through the tunnel, too", async () => {
  const pem = (name: string) => readFileSync(new URL(`../test/self-signed-${name}.pem`, import.meta.url));
  const receiver = await listenOn(
    createTlsServer({ key: pem("key"), cert: pem("cert") }, (_, response) => response.end("{}")),
  );
  onTestFinished(receiver.close);
  const proxy = createServer();
  const clients: Duplex[] = [];
  proxy.on("connect", (_, client) => {
    clients.push(client);
    const [host, port] = receiver.url.split(":");
    const tunnel = connect(Number(port), host, () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    pipeline(client, tunnel, client, () => {});
  });
  const { url, close } = await listenOn(proxy);
  onTestFinished(() => {
    for (const client of clients) client.destroy();
    return close();
  });
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  vi.stubEnv("HTTPS_PROXY", `http://${url}`);
  vi.stubEnv("NO_PROXY", "");
  const baseUrl = `https://${receiver.url.replace("127.0.0.1", "localhost")}`;
  const send = undiciSend({ agent: { connect: { ca: pem("cert") } } });
  expect(outcomesOf(await sendOne({ baseUrl, send }))).toMatchObject([{ state: "acknowledged" }]);
  expect((await sendOne({ baseUrl, send: undiciSend() })).fault).toMatchObject({ kind: "blocked" });
});

test("a proxy for plain HTTP that wants credentials blocks", async () => {
  const proxy = await proxyThatSays("407 Proxy Authentication Required");
  const dispatcher = new ProxyAgent({ uri: proxy.url, proxyTunnel: false });
  onTestFinished(() => dispatcher.close());
  const answer = await sendOne({ baseUrl: "http://meter.example.com", send: undiciSend({ dispatcher }) });
  expect(answer.fault).toMatchObject({ kind: "blocked" });
  expect(proxy.seen).toHaveLength(1);
});

test("a connection that does not come in time leaves nothing unsure", async () => {
  const never = new Agent({ connect: () => {} });
  const send = undiciSend({ dispatcher: never });
  const answer = await sendOne({ baseUrl: "http://meter.example.com", send, timeoutMs: 5 });
  expect(answer.fault).toMatchObject({ kind: "unavailable", reason: "not sent: no response within 5 ms" });
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
