import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { listen, loopbackServer } from "../test/loopback-server.ts";
import { sendOne } from "../test/send-one.ts";

/** A TCP server that does with each connection what the test says, once its first bytes are here. */
const tcpServer = async (onRequest: (socket: Socket) => void): Promise<string> => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => onRequest(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  return `http://127.0.0.1:${address.port}`;
};

const closedPort = async (): Promise<string> => {
  const server = await loopbackServer(() => {});
  await server[Symbol.asyncDispose]();
  return server.url;
};

test("a refused connection: not processed, tried again", async () => {
  const answer = await sendOne({ baseUrl: await closedPort() });
  expect(answer.fault).toMatchObject({
    kind: "unavailable",
    reason: expect.stringContaining("ECONNREFUSED"),
  });
});

test("an unknown host: not processed, tried again", async () => {
  // RFC 6761 keeps .invalid free of hosts.
  const answer = await sendOne({ baseUrl: "http://meter.invalid" });
  expect(answer.fault).toMatchObject({
    kind: "unavailable",
    reason: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
  });
});

test("a certificate that nobody vouches for: not processed, blocked", async () => {
  const pem = (name: string) => readFileSync(new URL(`../test/self-signed-${name}.pem`, import.meta.url));
  const { url, close } = await listen(createTlsServer({ key: pem("key"), cert: pem("cert") }));
  onTestFinished(close);
  const answer = await sendOne({ baseUrl: `https://${url}` });
  expect(answer.fault).toMatchObject({
    kind: "blocked",
    reason: expect.stringContaining("self-signed certificate"),
  });
});

test("https to a server that speaks http: not processed, blocked", async () => {
  await using server = await loopbackServer((response) => response.end("{}"));
  const answer = await sendOne({ baseUrl: server.url.replace("http:", "https:") });
  expect(answer.fault).toMatchObject({
    kind: "blocked",
    reason: expect.stringContaining("no secure connection"),
  });
});

test("a connection closed during the TLS handshake: not processed, tried again", async () => {
  const baseUrl = await tcpServer((socket) => socket.destroy());
  const answer = await sendOne({ baseUrl: baseUrl.replace("http:", "https:") });
  expect(answer.fault).toMatchObject({ kind: "unavailable" });
});

test("a port that fetch refuses: not processed, blocked", async () => {
  expect((await sendOne({ baseUrl: "http://127.0.0.1:6000" })).fault).toMatchObject({ kind: "blocked" });
});

// As Deno 2.9 words them, without a code.
test.each([
  [
    "error sending request for url (http://h/): client error (Connect): dns error: failed to lookup address",
    "unavailable",
  ],
  [
    "error sending request for url (https://h/): client error (Connect): invalid peer certificate: Expired",
    "blocked",
  ],
  ["Fetch failed: Requests to port 9 are blocked", "blocked"],
])("other runtimes: %s", async (message, kind) => {
  const fetch = () => Promise.reject(new TypeError(message));
  expect((await sendOne({ baseUrl: "http://meter.example.com", fetch })).fault).toMatchObject({ kind });
});

test.each([
  ["ConnectionRefused", "unavailable"],
  ["FailedToOpenSocket", "unavailable"],
  ["UND_ERR_CONNECT_TIMEOUT", "unavailable"],
  ["CERT_HAS_EXPIRED", "blocked"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "blocked"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "blocked"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "blocked"],
])("the code %s: not processed, %s", async (code, kind) => {
  const fetch = () =>
    Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) }));
  expect((await sendOne({ baseUrl: "http://meter.example.com", fetch })).fault).toMatchObject({ kind });
});

test.each([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_HEADERS_TIMEOUT",
  "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
])("the code %s: unsure", async (code) => {
  const fetch = () =>
    Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) }));
  expect((await sendOne({ baseUrl: "http://meter.example.com", fetch })).outcomes).toMatchObject([
    { state: "unsure" },
  ]);
});

test("a reset after the request was read: unsure", async () => {
  const answer = await sendOne({ baseUrl: await tcpServer((socket) => socket.resetAndDestroy()) });
  expect(answer.outcomes).toMatchObject([{ state: "unsure", reason: expect.stringContaining("ECONNRESET") }]);
});

test("a connection closed without an answer: unsure", async () => {
  const answer = await sendOne({ baseUrl: await tcpServer((socket) => socket.end()) });
  expect(answer.outcomes).toMatchObject([{ state: "unsure" }]);
});

test("an answer that is not HTTP: unsure", async () => {
  const answer = await sendOne({
    baseUrl: await tcpServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")),
  });
  expect(answer.outcomes).toMatchObject([{ state: "unsure" }]);
});

const brokenOff = (head: string) =>
  tcpServer((socket) =>
    socket.write(`${head}\r\ncontent-length: 100\r\n\r\n{"status":`, () => socket.resetAndDestroy()),
  );

test("a reset in the middle of a 200: unsure", async () => {
  const answer = await sendOne({ baseUrl: await brokenOff("HTTP/1.1 200 OK") });
  expect(answer.outcomes).toMatchObject([{ state: "unsure", status: 200 }]);
});

test("a reset in the middle of a 401: its status is enough", async () => {
  const answer = await sendOne({ baseUrl: await brokenOff("HTTP/1.1 401 Unauthorized") });
  expect(answer.fault).toMatchObject({ kind: "blocked", credentials: true });
});

test("a reset in the middle of Karapace's 422: some of the records may be stored", async () => {
  const answer = await sendOne({
    baseUrl: await brokenOff("HTTP/1.1 422 Unprocessable Entity"),
    dialect: "kafka-rest",
  });
  expect(answer.outcomes).toMatchObject([{ state: "unsure", status: 422 }]);
});

test("a browser's error says nothing: unsure", async () => {
  const fetch = () => Promise.reject(new TypeError("Failed to fetch"));
  expect((await sendOne({ baseUrl: "http://meter.example.com", fetch })).outcomes).toMatchObject([
    { state: "unsure" },
  ]);
});

test("the codes are found however deep they lie", async () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED ::1:80"), { code: "ECONNREFUSED" });
  const error = new Error("outer", { cause: new AggregateError([refused], "all addresses failed") });
  const answer = await sendOne({ baseUrl: "http://meter.example.com", fetch: () => Promise.reject(error) });
  expect(answer.fault).toMatchObject({ kind: "unavailable" });
});

test("an error that is its own cause ends", async () => {
  const error = new Error("round");
  error.cause = error;
  const answer = await sendOne({ baseUrl: "http://meter.example.com", fetch: () => Promise.reject(error) });
  expect(answer.outcomes).toMatchObject([{ state: "unsure", reason: expect.stringContaining("round") }]);
});

test.each(["text", undefined, null, 5, { code: 5 }])("a thrown %j is unsure", async (thrown) => {
  const answer = await sendOne({ baseUrl: "http://meter.example.com", fetch: () => Promise.reject(thrown) });
  expect(answer.outcomes).toMatchObject([{ state: "unsure" }]);
});
