import { expect, test } from "vitest";
import { json, loopbackServer } from "../../test/loopback-server.ts";
import { outcomesOf } from "../../test/outcomes-of.ts";
import { outgoingEvent } from "../../test/outgoing-event.ts";
import { sendOne } from "../../test/send-one.ts";
import { fetchTransport } from "../fetch-transport.ts";

const baseUrl = "http://meter.example.com";

test("no answer before the signal aborts: unsure, in time", async () => {
  const caller = new AbortController();
  await using server = await loopbackServer(() => caller.abort());
  const answer = await sendOne({ baseUrl: server.url }, caller.signal);
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure", timeout: true }]);
});

test("no response within timeoutMs: unsure, in time", async () => {
  await using server = await loopbackServer(() => {});
  const answer = await sendOne({ baseUrl: server.url, timeoutMs: 20 });
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure", timeout: true }]);
});

test("a body that never ends, ends with the signal", async () => {
  const caller = new AbortController();
  await using server = await loopbackServer((response) => {
    response.write('{"status":', () => caller.abort());
  });
  const answer = await sendOne({ baseUrl: server.url }, caller.signal);
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure", timeout: true }]);
});

test("a status that says enough counts although its body never ends", async () => {
  const caller = new AbortController();
  const endless = new ReadableStream({ pull: () => caller.abort() }, { highWaterMark: 0 });
  const fetch = async () => new Response(endless, { status: 429, headers: { "retry-after": "2" } });
  const answer = await sendOne({ baseUrl, fetch }, caller.signal);
  expect(answer.fault).toMatchObject({ kind: "unavailable", status: 429, retryAfterMs: 2_000 });
});

test("a fetch that ignores its signal does not hold up the answer; what comes late is discarded", async () => {
  const caller = new AbortController();
  let cancelled = () => {};
  const wasCancelled = new Promise<void>((resolve) => {
    cancelled = resolve;
  });
  let comeLate = (_: Response) => {};
  const fetch = () =>
    new Promise<Response>((resolve) => {
      comeLate = resolve;
      caller.abort();
    });
  const answer = await sendOne({ baseUrl, fetch }, caller.signal);
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure", timeout: true }]);
  comeLate(new Response(new ReadableStream({ cancel: cancelled })));
  await wasCancelled;
});

test("a fetch that throws synchronously is unsure", async () => {
  const fetch = () => {
    throw new Error("broken wrapper");
  };
  expect(outcomesOf(await sendOne({ baseUrl, fetch }))).toMatchObject([
    { state: "unsure", reason: expect.stringContaining("broken wrapper") },
  ]);
});

test("an answer without end is read up to a bound", async () => {
  let pulled = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(16 * 1024).fill(120));
    },
    cancel: () => {
      cancelled = true;
    },
  });
  const answer = await sendOne({ baseUrl, fetch: async () => new Response(endless, { status: 500 }) });
  expect(outcomesOf(answer)).toMatchObject([{ state: "unsure", status: 500, body: "x".repeat(4_096) }]);
  expect(cancelled).toBe(true);
  expect(pulled).toBeLessThan(10);
});

test("nothing is sent once the signal has aborted", async () => {
  await using server = await loopbackServer((response) => json(response, 200, {}));
  const answer = await sendOne({ baseUrl: server.url }, AbortSignal.abort());
  expect(outcomesOf(answer)).toMatchObject([{ state: "retry" }]);
  expect(server.requests).toEqual([]);
});

test("no retry of its own: one request for one send", async () => {
  await using server = await loopbackServer((response) => json(response, 503, {}, { "retry-after": "0" }));
  await sendOne({ baseUrl: server.url });
  expect(server.requests.length).toBe(1);
});

test("a signal that serves many sends keeps no listeners", async () => {
  await using server = await loopbackServer((response) => json(response, 200, {}));
  const transport = fetchTransport({ baseUrl: server.url, headers: () => ({ authorization: "Bearer t" }) });
  const listeners: string[] = [];
  const { signal } = new AbortController();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.push(args[0]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.pop();
    remove(...args);
  };
  await transport.send({ events: [outgoingEvent()] }, { signal, deadline: 0 });
  expect(listeners).toEqual([]);
});
