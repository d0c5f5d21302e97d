import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { batchOf, ORIGIN, pageEvent, relayUnderTest } from "../../test/relay-under-test.ts";
import { served } from "../../test/served.ts";
import type { Relay } from "../create-relay.ts";
import { nodeRelayHandler } from "./node-relay-handler.ts";

const serve = (relay: Relay, lingerMs?: number) => {
  const handler = nodeRelayHandler(relay, lingerMs === undefined ? {} : { lingerMs });
  return served((incoming, outgoing) => void handler(incoming, outgoing));
};

const headers = { origin: ORIGIN, "content-type": "text/plain" };

test("a page's batch is taken, and the answer has the relay's headers", async () => {
  const { relay, transport, client } = relayUnderTest();
  await using server = await serve(relay);
  const event = pageEvent({ metadata: { 名: "値 \u{1f600}" } });
  const answer = await fetch(server.url, { method: "POST", headers, body: JSON.stringify(batchOf(event)) });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("access-control-expose-headers")).toBe("Date, Retry-After");
  expect(await answer.json()).toEqual({ results: [{ event_id: event.event_id, state: "accepted" }] });
  await client.flush();
  const { event_id: _, ...content } = event;
  expect(transport.events).toMatchObject([content]);
});

test("a connection is kept, after errors too", async () => {
  const { relay } = relayUnderTest();
  await using server = await serve(relay);
  for (const body of [JSON.stringify(batchOf(pageEvent())), "{", ""]) {
    const answer = await fetch(server.url, { method: "POST", headers, body });
    await answer.text();
    expect(answer.headers.get("connection")).toBe("keep-alive");
  }
});

test("a preflight and a GET are answered", async () => {
  const { relay } = relayUnderTest();
  await using server = await serve(relay);
  expect((await fetch(server.url, { method: "OPTIONS", headers: { origin: ORIGIN } })).status).toBe(204);
  expect((await fetch(server.url, { headers: { origin: ORIGIN } })).status).toBe(405);
});

test("the relay sees the URL and every header as the client wrote them", async () => {
  const seen: unknown[] = [];
  await using server = await serve(async (request) => {
    seen.push(new URL(request.url).pathname, request.headers.get("x-a"));
    return new Response("ok");
  });
  await fetch(`${server.url}/a%20b?c=d`, { headers: { "x-a": "1, 2" } });
  expect(seen).toEqual(["/a%20b", "1, 2"]);
});

/** Writes raw bytes to a server; what came back when the server closed. */
const exchange = (port: number, write: (send: (bytes: string) => Promise<boolean>) => Promise<void>) =>
  new Promise<{ readonly answer: string; readonly sent: number }>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let sent = 0;
    let open = true;
    socket.on("error", reject);
    socket.once("close", () => {
      open = false;
    });
    const send = (bytes: string) =>
      new Promise<boolean>((next) => {
        if (!open) return next(false);
        sent += bytes.length;
        socket.write(bytes, (error) => next(open && !error));
      });
    socket.once("connect", () => void write(send));
    text(socket).then((answer) => resolve({ answer, sent }), reject);
  });

const HEAD = `POST / HTTP/1.1\r\nhost: relay\r\norigin: ${ORIGIN}\r\ncontent-type: text/plain\r\n`;

test("a client that sends a byte and then nothing is answered 408 and cut off", async () => {
  const { relay } = relayUnderTest({ limits: { bodyTimeoutMs: 100 } });
  await using server = await serve(relay, 50);
  const { answer } = await exchange(server.port, async (send) => {
    await send(`${HEAD}content-length: 1000\r\n\r\n{`);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toMatch(/connection: close/i);
  expect(answer).toContain('"body_timeout"');
});

test("200 such clients hold up nobody else", async () => {
  const { relay } = relayUnderTest({ limits: { bodyTimeoutMs: 300 } });
  await using server = await serve(relay, 50);
  const slow = Array.from({ length: 200 }, () =>
    exchange(server.port, async (send) => {
      await send(`${HEAD}content-length: 60000\r\n\r\n{`);
    }),
  );
  const answer = await fetch(server.url, {
    method: "POST",
    headers,
    body: JSON.stringify(batchOf(pageEvent())),
  });
  expect(answer.status).toBe(200);
  for (const { answer } of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test("of 50 MB in chunks the client reads the refusal", async () => {
  const { relay } = relayUnderTest();
  await using server = await serve(relay, 60_000);
  const megabyte = `100000\r\n${"x".repeat(1_048_576)}\r\n`;
  const { answer, sent } = await exchange(server.port, async (send) => {
    await send(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
    for (let i = 0; i < 50; i++) await send(megabyte);
    await send("0\r\n\r\n");
  });
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer).toMatch(/connection: close/i);
  expect(answer).toContain('"body_too_large"');
  expect(sent).toBeGreaterThan(50 * 1_048_576);
});

test("a client that never stops sending is cut off", async () => {
  const { relay } = relayUnderTest();
  await using server = await serve(relay, 100);
  const answering = exchange(server.port, async (send) => {
    await send(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
    while (await send(`10000\r\n${"x".repeat(65_536)}\r\n`));
  }).then(
    ({ answer }) => answer,
    // The connection was reset while the client was writing: it is cut off all the same.
    (error: NodeJS.ErrnoException) => error.code,
  );
  expect(await answering).toMatch(/^HTTP\/1\.1 413 |^ECONNRESET$|^EPIPE$/);
});

test("no more is read from a client than the relay asks for", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const handler = nodeRelayHandler(
    async (request) => {
      await request.body?.getReader().read();
      // Time enough for all of it to come, were it let in.
      for (let turn = 0; turn < 500; turn++) await new Promise((next) => setImmediate(next));
      resolve(peer?.bytesRead ?? 0);
      return new Response("ok");
    },
    { lingerMs: 1 },
  );
  let peer: Socket | undefined;
  await using server = await served((incoming, outgoing) => {
    peer = incoming.socket;
    void handler(incoming, outgoing);
  });
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`${HEAD}content-length: 52428800\r\n\r\n`);
  socket.write("x".repeat(52_428_800));
  expect(await promise).toBeLessThan(2_000_000);
  socket.destroy();
});

test("a client that goes away in the middle leaves nothing behind", async () => {
  const { relay } = relayUnderTest();
  const answers: number[] = [];
  await using server = await serve(async (request) => {
    const answer = await relay(request);
    answers.push(answer.status);
    return answer;
  });
  const socket = connect(server.port, "127.0.0.1");
  const closed = new Promise((resolve) =>
    server.server.once("connection", (peer) => peer.once("close", resolve)),
  );
  socket.write(`${HEAD}content-length: 1000\r\n\r\n{`, () => socket.destroy());
  await closed;
  await expect.poll(() => answers).toEqual([400]);
});

test("behind a body parser the relay says what is wrong, and takes nothing", async () => {
  const { relay, transport } = relayUnderTest();
  const handler = nodeRelayHandler(relay);
  await using server = await served(async (incoming, outgoing) => {
    await text(incoming);
    await handler(incoming, outgoing);
  });
  const answer = await fetch(server.url, {
    method: "POST",
    headers,
    body: JSON.stringify(batchOf(pageEvent())),
  });
  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject({ error: { code: "body_consumed" } });
  expect(transport.batches).toEqual([]);
});
