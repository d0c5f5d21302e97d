import type { OutgoingEvent } from "@meter-lib/core/transport";
import { usageRecordValue } from "@meter-lib/core/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { json, loopbackServer, type SeenRequest } from "../test/loopback-server.ts";
import { outcomesOf } from "../test/outcomes-of.ts";
import { outgoingEvent } from "../test/outgoing-event.ts";
import { fetchTransport } from "./fetch-transport.ts";

const MAX_BODY_BYTES = 1_000_000;

/** An event whose record takes about so many bytes. */
const eventOfSize = (bytes: number, index: number): OutgoingEvent =>
  outgoingEvent({ event_id: `event-${index}`, metadata: { note: "x".repeat(bytes) } });

const idsOf = ({ body }: SeenRequest): readonly string[] =>
  JSON.parse(body).records.map(
    ({ value }: { value: { metadata: Record<string, string> } }) => value.metadata["meter.event_id"],
  );

interface Script {
  readonly sizes: readonly number[];
  /** What the nth request (from 0) is answered with; 200 when it says nothing. */
  readonly status?: (request: number) => number;
}

const run = async ({ sizes, status = () => 200 }: Script) => {
  let count = 0;
  await using server = await loopbackServer((response, request) => {
    const code = status(count++);
    json(
      response,
      code,
      code === 200 ? { offsets: idsOf(request).map((_, offset) => ({ partition: 0, offset })) } : {},
      { "retry-after": "9" },
    );
  });
  const events = sizes.map(eventOfSize);
  const signal = AbortSignal.timeout(20_000);
  const answer = await fetchTransport({ baseUrl: server.url, dialect: "kafka-rest" }).send(
    { events },
    { signal, deadline: 0 },
  );
  return {
    answer,
    requests: server.requests,
    states: outcomesOf(answer, events.length).map(({ state }) => state),
  };
};

test("a batch too large for one request goes as several, in order", async () => {
  const { states, requests } = await run({ sizes: [400_000, 400_000, 400_000, 400_000, 10] });
  expect(requests.map(idsOf)).toEqual([
    ["event-0", "event-1"],
    ["event-2", "event-3", "event-4"],
  ]);
  expect(states).toEqual(new Array(5).fill("acknowledged"));
});

test("a body of a million bytes goes whole, one byte more goes as two", async () => {
  const records = (padding: number) => [eventOfSize(padding, 0), eventOfSize(100, 1)];
  const bodyBytes = (padding: number) =>
    JSON.stringify({ records: records(padding).map((event) => ({ value: usageRecordValue(event) })) }).length;
  const padding = MAX_BODY_BYTES - bodyBytes(0);
  expect(bodyBytes(padding)).toBe(MAX_BODY_BYTES);
  expect((await run({ sizes: [padding, 100] })).requests.map(({ body }) => body.length)).toEqual([
    MAX_BODY_BYTES,
  ]);
  expect((await run({ sizes: [padding + 1, 100] })).requests.length).toBe(2);
});

test("a record that fits in no request is rejected unsent; its neighbours go", async () => {
  const { answer, states, requests } = await run({ sizes: [10, 1_100_000, 10] });
  expect(states).toEqual(["acknowledged", "rejected", "acknowledged"]);
  expect(answer.outcomes?.[1]).toMatchObject({ reason: expect.stringMatching(/takes \d+ bytes/) });
  expect(requests.flatMap(idsOf)).toEqual(["event-0", "event-2"]);
});

test("alone, such a record sends nothing at all", async () => {
  const { states, requests } = await run({ sizes: [1_100_000] });
  expect(states).toEqual(["rejected"]);
  expect(requests).toEqual([]);
});

test("a fault at the first request is the batch's: nothing was taken", async () => {
  const { answer, requests } = await run({ sizes: [600_000, 600_000], status: () => 401 });
  expect(answer.fault).toMatchObject({ kind: "blocked", credentials: true });
  expect(requests.length).toBe(1);
});

test("a fault at a later one leaves what was taken, and the rest may be sent again", async () => {
  const { answer, requests } = await run({
    sizes: [600_000, 600_000, 600_000],
    status: (n) => (n === 0 ? 200 : 429),
  });
  expect(outcomesOf(answer)).toMatchObject([
    { state: "acknowledged" },
    { state: "retry", status: 429, retryAfterMs: 9_000 },
    { state: "retry", status: 429, retryAfterMs: 9_000 },
  ]);
  expect(requests.length).toBe(2);
});

test("after a request without a clear answer nothing more is sent", async () => {
  const { states, requests } = await run({
    sizes: [600_000, 600_000, 600_000],
    status: (n) => (n === 1 ? 500 : 200),
  });
  expect(states).toEqual(["acknowledged", "unsure", "retry"]);
  expect(requests.length).toBe(2);
});

test("no body is too large, none empty, and every event is sent once or rejected, in order", async () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "é", "日", "\u{1f600}", '"', "\n"),
    minLength: 1,
    maxLength: 3,
  });
  const event = fc.record({ text, times: fc.constantFrom(1, 100_000, 150_000, 200_000, 330_000, 400_000) });
  await using server = await loopbackServer((response, request) =>
    json(response, 200, { offsets: idsOf(request).map((_, offset) => ({ partition: 0, offset })) }),
  );
  const transport = fetchTransport({ baseUrl: server.url, dialect: "kafka-rest" });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 6 }), async (parts) => {
      const before = server.requests.length;
      const events = parts.map(({ text, times }, i) =>
        outgoingEvent({ event_id: `event-${i}`, metadata: { note: text.repeat(times) } }),
      );
      const answer = await transport.send({ events }, { signal: AbortSignal.timeout(20_000), deadline: 0 });
      const outcomes = outcomesOf(answer, events.length);
      const requests = server.requests.slice(before);
      for (const { body } of requests) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
      expect(outcomes.length).toBe(events.length);
      const taken = events
        .filter((_, i) => outcomes[i]?.state === "acknowledged")
        .map(({ event_id }) => event_id);
      expect(requests.flatMap(idsOf)).toEqual(taken);
      expect(requests.every((request) => idsOf(request).length > 0)).toBe(true);
    }),
    { numRuns: 15 },
  );
});
