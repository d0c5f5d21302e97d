import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { OutgoingEvent, SendAnswer, Transport } from "@meter-lib/core/transport";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { beaconTransport } from "./beacon-transport.ts";
import { KEEPALIVE_BYTES } from "./keepalive-ledger.ts";
import { pageBodies } from "./page-body.ts";

const outgoing = (event_id: string, fields: Partial<OutgoingEvent> = {}): OutgoingEvent => {
  const event = {
    event_id,
    tenant_id: "tenant",
    device_id: "page",
    meter_id: "clicks",
    type: "volume" as const,
    event_time: 1_768_473_000_000,
    total_usage: 3,
    start_time: undefined,
    end_time: undefined,
    metadata: undefined,
    session_id: undefined,
    ...fields,
  };
  return { customer_id: "relay", producer: undefined, seq: undefined, ...event };
};

const send = (transport: Transport, events: readonly OutgoingEvent[]): Promise<SendAnswer> =>
  transport.send({ events }, { signal: AbortSignal.timeout(60_000), deadline: Date.now() + 60_000 });

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const servers: Server[] = [];

/** A relay that answers as it is told. */
const relay = async (
  answer: (got: Got) => { status: number; headers?: Record<string, string>; body?: string },
) => {
  const got: Got[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    got.push({ headers: request.headers, body });
    const { status, headers = {}, body: text = "" } = answer({ headers: request.headers, body });
    response.writeHead(status, headers).end(text);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}/relay`, got };
};

const results = (...list: readonly unknown[]) => ({ status: 200, body: JSON.stringify({ results: list }) });
const accepting = ({ body }: Got) =>
  results(...JSON.parse(body).events.map(({ event_id }: OutgoingEvent) => ({ event_id, state: "accepted" })));

afterEach(() => {
  vi.unstubAllGlobals();
  for (const server of servers.splice(0)) server.close();
});

describe("what leaves", () => {
  test("a text body that needs no preflight, with the token in it and who is metered left out", async () => {
    const { url, got } = await relay(accepting);
    const transport = beaconTransport({ url, token: "page-token" });
    const events = [
      outgoing("one", { metadata: { 地域: "東京" }, session_id: "s" }),
      outgoing("two", { type: "performance", total_usage: undefined, start_time: 1, end_time: 2 }),
    ];
    expect(await send(transport, events)).toMatchObject({
      outcomes: [{ state: "acknowledged" }, { state: "acknowledged" }],
    });
    expect(got).toHaveLength(1);
    expect(got[0]?.headers["content-type"]).toBe("text/plain;charset=UTF-8");
    expect(got[0]?.headers).not.toHaveProperty("authorization");
    expect(JSON.parse(got[0]?.body ?? "")).toEqual({
      sent_at: expect.any(Number),
      token: "page-token",
      tenant_id: "tenant",
      events: [
        {
          event_id: "one",
          meter_id: "clicks",
          event_time: 1_768_473_000_000,
          total_usage: 3,
          metadata: { 地域: "東京" },
          session_id: "s",
        },
        { event_id: "two", meter_id: "clicks", event_time: 1_768_473_000_000, start_time: 1, end_time: 2 },
      ],
    });
  });

  test("JSON with the token in a header, when asked for", async () => {
    const { url, got } = await relay(accepting);
    await send(beaconTransport({ url, token: "page-token", contentType: "application/json" }), [
      outgoing("one"),
    ]);
    expect(got[0]?.headers).toMatchObject({
      "content-type": "application/json;charset=UTF-8",
      authorization: "Bearer page-token",
    });
    expect(got[0]?.body).not.toContain("token");
  });

  test("each body has the events of one tenant, in order", async () => {
    const { url, got } = await relay(accepting);
    const tenants = ["a", "a", "b", "a"];
    const answer = await send(
      beaconTransport({ url }),
      tenants.map((tenant_id, index) => outgoing(`e${index}`, { tenant_id })),
    );
    const sent = got.map(({ body }) => JSON.parse(body));
    expect(
      sent
        .map(({ tenant_id, events }) => [tenant_id, events.map(({ event_id }: OutgoingEvent) => event_id)])
        .sort(),
    ).toEqual([
      ["a", ["e0", "e1"]],
      ["a", ["e3"]],
      ["b", ["e2"]],
    ]);
    expect(answer).toMatchObject({ outcomes: tenants.map(() => ({ state: "acknowledged" })) });
  });

  test("each body names the user", async () => {
    const { url, got } = await relay(accepting);
    await send(beaconTransport({ url, subject: "user_7" }), [outgoing("one")]);
    expect(JSON.parse(got[0]?.body ?? "")).toMatchObject({ tenant_id: "tenant", subject: "user_7" });
  });

  test("bodies fit the keepalive budget by their true bytes, hold every event once and in order", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "京", "\u0001", "🗼"), maxLength: 12_000 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), (texts) => {
        const events = texts.map((value, index) => outgoing(`e${index}`, { metadata: { value } }));
        const bodies = pageBodies(events, { sent_at: 1, token: "token" });
        expect(bodies.flatMap((body) => body.events)).toEqual(events);
        for (const { text: body, bytes, events: inside } of bodies) {
          const size = new TextEncoder().encode(body).length;
          expect(size).toBeLessThanOrEqual(bytes);
          if (inside.length > 1) expect(bytes).toBeLessThanOrEqual(KEEPALIVE_BYTES);
          expect(JSON.parse(body).events.map(({ event_id }: OutgoingEvent) => event_id)).toEqual(
            inside.map(({ event_id }) => event_id),
          );
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("keepalive", () => {
  const held = () => {
    const calls: { keepalive: boolean | undefined; answer: (response: Response | Error) => void }[] = [];
    const fetch: typeof globalThis.fetch = (_, init) =>
      new Promise((resolve, reject) => {
        calls.push({
          keepalive: init?.keepalive,
          answer: (response) => (response instanceof Error ? reject(response) : resolve(response)),
        });
      });
    return { calls, fetch };
  };
  const ok = (event_id: string) => Response.json({ results: [{ event_id, state: "accepted" }] });
  const large = { value: "x".repeat(25_000) };

  test("requests start before send returns, and share one budget with other transports on the page", async () => {
    const { calls, fetch } = held();
    const one = beaconTransport({ url: "/relay", fetch });
    const two = beaconTransport({ url: "/relay", fetch });
    const answers = ["a", "b", "c"].map((id, index) =>
      send(index === 1 ? two : one, [outgoing(id, { metadata: large })]),
    );
    expect(calls.map(({ keepalive }) => keepalive)).toEqual([true, true, false]);
    for (const [index, { answer }] of calls.entries()) answer(ok("abc"[index] ?? ""));
    await Promise.all(answers);
    const later = send(two, [outgoing("d", { metadata: large })]);
    expect(calls[3]?.keepalive, "what came back is free again").toBe(true);
    calls[3]?.answer(ok("d"));
    await later;
  });

  test("at most eight at once", async () => {
    const { calls, fetch } = held();
    const transport = beaconTransport({ url: "/relay", fetch });
    const ids = Array.from({ length: 9 }, (_, index) => `e${index}`);
    const answers = ids.map((id) => send(transport, [outgoing(id)]));
    expect(calls.map(({ keepalive }) => keepalive)).toEqual([...Array(8).fill(true), false]);
    for (const [index, { answer }] of calls.entries()) answer(ok(ids[index] ?? ""));
    await Promise.all(answers);
  });

  test("after a TypeError, as of a budget that others used up, the next attempt is an ordinary one", async () => {
    const { calls, fetch } = held();
    const transport = beaconTransport({ url: "/relay", fetch });
    const attempt = async (answer: Response | Error) => {
      const answered = send(transport, [outgoing("one")]);
      calls.at(-1)?.answer(answer);
      return answered;
    };
    expect(await attempt(new TypeError("Failed to fetch"))).toMatchObject({
      outcomes: [{ state: "unsure", reason: "no answer: Failed to fetch" }],
    });
    await attempt(Response.json({ results: [] }));
    await attempt(Response.json({ results: [] }));
    expect(calls.map(({ keepalive }) => keepalive)).toEqual([true, false, true]);
  });
});

describe("what an answer means", () => {
  const answerOf = async (answer: Parameters<typeof relay>[0]) =>
    send(beaconTransport({ url: (await relay(answer)).url }), [outgoing("one"), outgoing("two")]);

  test("each event has the outcome that the relay names; one that it does not name is unsure", async () => {
    const { url } = await relay(() =>
      results(
        { event_id: "two", state: "rejected", reason: "unknown meter" },
        { event_id: "one", state: "duplicate" },
        { event_id: "three", state: "retry", reason: "queue full", retry_after_ms: 1_500 },
        { event_id: "stranger", state: "accepted" },
        { event_id: "five", state: "misspelt" },
        null,
      ),
    );
    const events = ["one", "two", "three", "four", "five"].map((id) => outgoing(id));
    expect(await send(beaconTransport({ url }), events)).toMatchObject({
      outcomes: [
        { state: "acknowledged", duplicate: true },
        { state: "rejected", reason: "unknown meter" },
        { state: "retry", reason: "queue full", retryAfterMs: 1_500 },
        { state: "unsure" },
        { state: "unsure" },
      ],
    });
  });

  test.each([
    [401, { kind: "blocked", credentials: true }],
    [403, { kind: "blocked", credentials: true }],
    [404, { kind: "blocked" }],
    [405, { kind: "blocked" }],
    [415, { kind: "blocked" }],
    [413, { kind: "too_large" }],
    [400, { kind: "invalid" }],
    [422, { kind: "invalid" }],
    [429, { kind: "unavailable" }],
  ])("HTTP %i is a fault that touched no event", async (status, fault) => {
    expect(await answerOf(() => ({ status, body: "why" }))).toMatchObject({
      fault: { ...fault, status, body: "why" },
    });
  });

  test("the reason of a refusal holds the relay's own words, at most 300 characters of them", async () => {
    const refusing = (message: unknown) => () => ({
      status: 403,
      body: JSON.stringify({ error: { code: "wrong_subject", message } }),
    });
    const { fault } = await answerOf(refusing("subject: expected none"));
    expect(fault?.reason).toBe("the relay answered HTTP 403: subject: expected none");
    expect((await answerOf(refusing("x".repeat(5_000)))).fault?.reason).toHaveLength(329);
    expect((await answerOf(refusing(7))).fault?.reason).toBe("the relay answered HTTP 403");
  });

  test("a redirect is not followed", async () => {
    const { url, got } = await relay(() => ({ status: 307, headers: { location: "/elsewhere" } }));
    const answer = await send(beaconTransport({ url }), [outgoing("one")]);
    expect(got).toHaveLength(1);
    expect(answer.fault?.kind).toBe("blocked");
  });

  test("503 is meant only with Retry-After", async () => {
    expect(await answerOf(() => ({ status: 503, headers: { "retry-after": "7" } }))).toMatchObject({
      fault: { kind: "unavailable", retryAfterMs: 7_000 },
    });
    const date = new Date(Date.now() + 60_000).toUTCString();
    const dated = await answerOf(() => ({ status: 503, headers: { "retry-after": date } }));
    expect(dated.fault?.retryAfterMs).toBeGreaterThan(50_000);
    expect(await answerOf(() => ({ status: 503 }))).toMatchObject({
      outcomes: [{ state: "unsure", status: 503 }, { state: "unsure" }],
    });
  });

  test.each([
    [200, "<html>log in to the network</html>"],
    [200, "[]"],
    [200, '{"results":{}}'],
    [202, '{"results":[]}'],
    [204, ""],
    [500, "oops"],
    [502, ""],
  ])("HTTP %i with %j leaves it open", async (status, body) => {
    expect(await answerOf(() => ({ status, ...(status === 204 ? {} : { body }) }))).toMatchObject({
      outcomes: [{ state: "unsure", status }, { state: "unsure" }],
    });
  });

  test("a relay that is not there leaves it open, but not when the browser was offline", async () => {
    const { url } = await relay(accepting);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(await send(beaconTransport({ url }), [outgoing("one")])).toMatchObject({
      outcomes: [{ state: "unsure" }],
    });
    vi.stubGlobal("navigator", { onLine: false });
    expect(await send(beaconTransport({ url }), [outgoing("one")])).toMatchObject({
      fault: { kind: "unavailable" },
    });
  });

  test("where one body of several gets through, the events of the others are sent again", async () => {
    const escaped = { value: "\u0001".repeat(9_000) };
    const { url, got } = await relay((one) =>
      one.body.includes('"big-1"') ? { status: 413 } : accepting(one),
    );
    const events = [outgoing("big-1", { metadata: escaped }), outgoing("big-2", { metadata: escaped })];
    expect(await send(beaconTransport({ url }), events)).toMatchObject({
      outcomes: [{ state: "retry", status: 413 }, { state: "acknowledged" }],
    });
    expect(got).toHaveLength(2);
  });

  test("the relay's clock comes along", async () => {
    const { url } = await relay((got) => ({
      ...accepting(got),
      headers: { date: "Thu, 15 Jan 2026 10:30:00 GMT" },
    }));
    expect(await send(beaconTransport({ url }), [outgoing("one")])).toMatchObject({
      receiverTime: Date.UTC(2026, 0, 15, 10, 30),
    });
  });
});

describe("the token", () => {
  test("is asked for at once, kept, and asked for again when the relay refuses it", async () => {
    let tokens = 0;
    const { url, got } = await relay(accepting);
    vi.stubGlobal("location", new URL("https://page.example.com"));
    const transport = beaconTransport({ url, token: async () => `token-${++tokens}` });
    expect(tokens).toBe(1);
    await send(transport, [outgoing("one")]);
    await send(transport, [outgoing("two")]);
    await transport.refreshCredentials?.({ signal: new AbortController().signal });
    await send(transport, [outgoing("three")]);
    expect(got.map(({ body }) => JSON.parse(body).token)).toEqual(["token-1", "token-1", "token-2"]);
  });

  test("that cannot be had now is asked for again with the next batch", async () => {
    const source = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error("no session"));
    source.mockResolvedValue("token");
    const { url } = await relay(accepting);
    const transport = beaconTransport({ url, token: source });
    expect(await send(transport, [outgoing("one")])).toMatchObject({
      fault: { kind: "unavailable", reason: "no token: no session" },
    });
    expect(await send(transport, [outgoing("one")])).toMatchObject({ outcomes: [{ state: "acknowledged" }] });
  });

  test("that is fixed is not asked for again", () => {
    expect(beaconTransport({ url: "/relay", token: "fixed" })).not.toHaveProperty("refreshCredentials");
  });
});

test("options that make no sense are named, and the token is not shown", () => {
  const wrong = { url: "", token: 42, subject: "", contentType: "text/html", dedupWindowMs: 0 };
  expect(() => Reflect.apply(beaconTransport, undefined, [wrong])).toThrowError(
    expect.objectContaining({
      code: "invalid_options",
      issues: ["url", "token", "subject", "contentType", "dedupWindowMs"].map((field) =>
        expect.objectContaining({ field, given: expect.not.stringContaining("42") }),
      ),
    }),
  );
});
