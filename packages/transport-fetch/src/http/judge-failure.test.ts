import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type Socket } from "node:net";
import { Agent } from "undici";
import { expect, onTestFinished, test } from "vitest";
import { documentedAlerts, documentedCodes } from "../../test/answers-page.ts";
import { listen, loopbackServer } from "../../test/loopback-server.ts";
import { outcomesOf } from "../../test/outcomes-of.ts";
import { sendOne } from "../../test/send-one.ts";
import { NotSentError } from "./not-sent-error.ts";
import { UNSENT_CODES } from "./unsent-codes.ts";

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
  const pem = (name: string) => readFileSync(new URL(`../../test/self-signed-${name}.pem`, import.meta.url));
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

// As Deno 2.9 and Bun 1.4 word them.
test.each([
  [
    "error sending request for url (http://h/): client error (Connect): dns error: failed to lookup address",
    "unavailable",
  ],
  [
    "error sending request for url (https://h/): client error (Connect): invalid peer certificate: Expired",
    "blocked",
  ],
  [
    "error sending request for url (https://h/): client error (Connect): received fatal alert: HandshakeFailure",
    "blocked",
  ],
  ["error sending request for url (https://h/): client error (Connect): tls handshake eof", "unavailable"],
  ["received fatal alert: CertificateRequired", "blocked"],
  ["EPROTO: The TLS handshake failed. Does the server speak TLS on this port?", "blocked"],
  ["Stream closed with error code NGHTTP2_REFUSED_STREAM", "unavailable"],
  ["Fetch failed: Requests to port 9 are blocked", "blocked"],
])("other runtimes: %s", async (message, kind) => {
  const fetch = () => Promise.reject(new TypeError(message));
  expect((await sendOne({ baseUrl: "http://meter.example.com", fetch })).fault).toMatchObject({ kind });
});

/** What becomes of an event when fetch rejects with an error of this code. */
const failedWith = async (
  code: string,
  details: { readonly syscall?: string } = {},
): Promise<string | undefined> => {
  const cause = Object.assign(new Error(code), { code, ...details });
  const fetch = () => Promise.reject(new TypeError("fetch failed", { cause }));
  const answer = await sendOne({ baseUrl: "http://meter.example.com", fetch });
  return answer.fault?.kind ?? outcomesOf(answer)[0]?.state;
};

test("every code means what the documentation says", async () => {
  expect(documentedCodes.length).toBeGreaterThan(60);
  const verdicts = await Promise.all(documentedCodes.map(async ([code]) => [code, await failedWith(code)]));
  expect(verdicts).toEqual(documentedCodes);
});

test("no code is known that the documentation does not name", () => {
  const documented = new Set(documentedCodes.map(([code]) => code));
  expect([...UNSENT_CODES.keys()].filter((code) => !documented.has(code))).toEqual([]);
});

test.each(["SSLV3_ALERT_", "TLSV1_ALERT_", "TLSV1_", "TLSV13_ALERT_", "SSL/TLS_ALERT_"])(
  "the alerts of a TLS handshake block, spelled ERR_SSL_%s…",
  async (spelling) => {
    expect(documentedAlerts).toContain("CERTIFICATE_REQUIRED");
    for (const alert of documentedAlerts)
      expect([alert, await failedWith(`ERR_SSL_${spelling}${alert}`)]).toEqual([alert, "blocked"]);
  },
);

test("any system call that comes before a connection: not processed; any that needs one: unsure", async () => {
  for (const syscall of ["connect", "bind", "getaddrinfo", "queryA"])
    expect(await failedWith("ETIMEDOUT", { syscall })).toBe("unavailable");
  for (const code of ["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNREFUSED"])
    for (const syscall of ["read", "write"]) expect(await failedWith(code, { syscall })).toBe("unsure");
});

test.each([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EPROTO",
  "UND_ERR_ABORTED",
  "UND_ERR_DESTROYED",
  "UND_ERR_INFO",
  "UND_ERR_SOCKET",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_REQ_RETRY",
  "UND_ERR_HEADERS_OVERFLOW",
  "HPE_INVALID_CONSTANT",
  "ERR_HTTP2_STREAM_ERROR",
  "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
  "ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC",
  "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR",
])("the code %s: unsure", async (code) => expect(await failedWith(code)).toBe("unsure"));

// undici's words, Bun's, Deno's.
test.each([
  ["Proxy response (407) !== 200 when HTTP Tunneling", "blocked"],
  ["Proxy response (403) !== 200 when HTTP Tunneling", "blocked"],
  ["Proxy response (429) !== 200 when HTTP Tunneling", "unavailable"],
  ["Proxy response (502) !== 200 when HTTP Tunneling", "unavailable"],
  ["Proxy refused to open a tunnel: 407 Proxy Authentication Required", "blocked"],
  ["Proxy refused to open a tunnel: 502 Bad Gateway", "unavailable"],
  [
    "error sending request for url (https://h/): client error (Connect): proxy authentication required",
    "blocked",
  ],
  ["error sending request for url (https://h/): client error (Connect): unsuccessful tunnel", "unavailable"],
])("a proxy that grants no tunnel: %s", async (message, kind) => {
  const error = new TypeError("fetch failed", {
    cause: new Error("cancelled", { cause: new Error(message) }),
  });
  const fetch = () => Promise.reject(error);
  expect((await sendOne({ baseUrl: "https://meter.example.com", fetch })).fault).toMatchObject({ kind });
});

test("a dispatcher of another undici than fetch's: not processed, blocked", async () => {
  await using server = await loopbackServer((response) => response.end("{}"));
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.close());
  // Node's types know its own undici alone.
  const ky: object = { dispatcher };
  const answer = await sendOne({ baseUrl: server.url, ky });
  expect(answer.fault).toMatchObject({ kind: "blocked" });
  expect(server.requests).toEqual([]);
});

test("a sender's word that it did not begin is believed, also when the time is over", async () => {
  const send = (_: unknown, signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new NotSentError(signal.reason)));
    });
  const answer = await sendOne({ baseUrl: "http://meter.example.com", send, timeoutMs: 5 });
  expect(answer.fault).toMatchObject({ kind: "unavailable", reason: "not sent: no response within 5 ms" });
});

test("a reset after the request was read: unsure", async () => {
  const answer = await sendOne({ baseUrl: await tcpServer((socket) => socket.resetAndDestroy()) });
  expect(outcomesOf(answer)).toMatchObject([
    { state: "unsure", reason: expect.stringContaining("ECONNRESET") },
  ]);
});

test("a connection closed without an answer: unsure", async () => {
  const answer = await sendOne({ baseUrl: await tcpServer((socket) => socket.end()) });
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure" }]);
});

test("an answer that is not HTTP: unsure", async () => {
  const answer = await sendOne({
    baseUrl: await tcpServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")),
  });
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure" }]);
});

const brokenOff = (head: string) =>
  tcpServer((socket) =>
    socket.write(`${head}\r\ncontent-length: 100\r\n\r\n{"status":`, () => socket.resetAndDestroy()),
  );

test("a reset in the middle of a 200: unsure", async () => {
  const answer = await sendOne({ baseUrl: await brokenOff("HTTP/1.1 200 OK") });
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure", status: 200 }]);
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
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure", status: 422 }]);
});

test("a browser's error says nothing: unsure", async () => {
  const fetch = () => Promise.reject(new TypeError("Failed to fetch"));
  expect(outcomesOf(await sendOne({ baseUrl: "http://meter.example.com", fetch }))).toMatchObject([
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
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure", reason: expect.stringContaining("round") }]);
});

test.each(["text", undefined, null, 5, { code: 5 }])("a thrown %j is unsure", async (thrown) => {
  const answer = await sendOne({ baseUrl: "http://meter.example.com", fetch: () => Promise.reject(thrown) });
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure" }]);
});
