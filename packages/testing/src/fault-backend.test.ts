import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { captivePortal, type FaultBackend, faultBackend, redirect, retryAfter } from "./fault-backend.ts";

let backend: FaultBackend;
beforeEach(async () => {
  backend = await faultBackend();
});
afterEach(() => backend.close());

const postEvent = (event_id: string, init: { headers?: Record<string, string> } = {}) =>
  fetch(`${backend.url}/api/v1/events`, {
    method: "POST",
    redirect: "manual",
    headers: {
      "content-type": "application/json",
      "x-tenant-id": "t",
      "x-device-id": "d",
      "idempotency-key": event_id,
      ...init.headers,
    },
    body: JSON.stringify({ meter_id: "m", total_usage: 1, customer_id: "c" }),
  });

const postRecords = (...ids: readonly string[]) =>
  fetch(`${backend.url}/topics/usage-events`, {
    method: "POST",
    headers: { "content-type": "application/vnd.kafka.json.v2+json" },
    body: JSON.stringify({
      records: ids.map((id) => ({
        value: {
          meter_id: "m",
          customer_id: "c",
          total_usage: 1,
          metadata: { "meter.event_id": id, "meter.tenant_id": "t" },
        },
      })),
    }),
  });

const countedIds = () => backend.counted.map(({ event_id }) => event_id);

describe("as a backend that does its duty", () => {
  test("both dialects count an identity once, and the log has every arrival with its bytes", async () => {
    expect(await (await postEvent("e1")).json()).toEqual({ status: "accepted", event_id: "e1" });
    expect(await (await postEvent("e1")).json()).toEqual({ status: "duplicate", event_id: "e1" });
    expect(await (await postRecords("e1", "e2")).json()).toMatchObject({
      offsets: [{ error_code: null }, { error_code: null }],
    });
    expect(countedIds()).toEqual(["e1", "e2"]);
    expect(backend.arrivals.map(({ event_id, request, counted }) => [event_id, request, counted])).toEqual([
      ["e1", 0, true],
      ["e1", 1, false],
      ["e1", 2, false],
      ["e2", 2, true],
    ]);
    expect(backend.arrivals[0]?.bytes).toBe(backend.arrivals[1]?.bytes);
    expect(backend.arrivals[0]?.bytes).toContain("x-device-id: d");
  });

  test("without dedup everything counts", async () => {
    await using plain = await faultBackend({ dedup: false });
    backend = plain;
    await postEvent("e1");
    await postEvent("e1");
    expect(countedIds()).toEqual(["e1", "e1"]);
  });

  test("a wrong key, a large body, a poison event: not counted", async () => {
    await using strict = await faultBackend({
      apiKey: "old",
      maxBodyBytes: 100,
      poison: ({ event_id }) => event_id === "bad",
    });
    backend = strict;
    const headers = { authorization: "Bearer old" };
    expect((await postEvent("e1")).status).toBe(401);
    expect((await postEvent("e1", { headers })).status).toBe(200);
    expect((await postEvent("bad", { headers })).status).toBe(422);
    strict.rotateKey("new");
    expect((await postEvent("e2", { headers })).status).toBe(401);
    expect((await postEvent("e2", { headers: { authorization: "Bearer new" } })).status).toBe(200);
    expect(countedIds()).toEqual(["e1", "e2"]);
  });

  test("a body over the limit", async () => {
    await using small = await faultBackend({ maxBodyBytes: 200 });
    backend = small;
    expect((await postRecords("e1", "e2", "e3")).status).toBe(413);
    expect((await postRecords("e1")).status).toBe(200);
  });
});

describe("as a backend that fails", () => {
  test("answers of its own", async () => {
    backend.next(captivePortal, redirect("http://127.0.0.1:1/"), retryAfter("120", 503), {
      kind: "answer",
      status: 500,
      counts: true,
    });
    const portal = await postEvent("e1");
    expect([portal.status, portal.headers.get("content-type")]).toEqual([200, "text/html"]);
    expect((await postEvent("e1")).headers.get("location")).toBe("http://127.0.0.1:1/");
    const busy = await postEvent("e1");
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "120"]);
    expect(countedIds()).toEqual([]);
    expect((await postEvent("e1")).status).toBe(500);
    expect(countedIds()).toEqual(["e1"]);
    expect((await postEvent("e2")).status).toBe(200);
  });

  test.each([
    ["on_arrival", []],
    ["after_commit", ["e1"]],
    ["mid_answer", ["e1"]],
  ] as const)("a connection cut %s", async (when, counted) => {
    backend.next({ kind: "reset", when });
    await expect(postEvent("e1").then((response) => response.text())).rejects.toThrow();
    expect(countedIds()).toEqual(counted);
  });

  test("silence, until the caller gives up", async () => {
    backend.next({ kind: "silence", counts: true });
    const abort = new AbortController();
    const call = fetch(`${backend.url}/topics/t`, {
      method: "POST",
      body: '{"records":[{"value":{}}]}',
      signal: abort.signal,
    });
    await backend.arrived(1);
    abort.abort();
    await expect(call).rejects.toThrow();
    expect(backend.counted).toHaveLength(1);
  });

  test("a late and a slow answer are whole in the end", async () => {
    backend.next({ kind: "delay", ms: 20 }, { kind: "slow", msPerByte: 1 });
    expect(await (await postEvent("e1")).json()).toEqual({ status: "accepted", event_id: "e1" });
    expect(await (await postEvent("e1")).json()).toEqual({ status: "duplicate", event_id: "e1" });
  });

  test("an answer that is held comes when it is let go; the event is counted before", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    backend.next({ kind: "hold", until: promise });
    let isAnswered = false;
    const held = postEvent("e1").finally(() => {
      isAnswered = true;
    });
    await backend.arrived(1);
    expect(await (await postEvent("e1")).json()).toEqual({ status: "duplicate", event_id: "e1" });
    expect(isAnswered).toBe(false);
    resolve();
    expect(await (await held).json()).toEqual({ status: "accepted", event_id: "e1" });
  });

  test("results that do not fit, and records that are refused", async () => {
    backend.next(
      { kind: "results", count: 1 },
      { kind: "record_errors", positions: [0], error_code: 50002, error: "no" },
    );
    expect(await (await postRecords("e1", "e2")).json()).toMatchObject({ offsets: [{ offset: 0 }] });
    expect(countedIds()).toEqual(["e1", "e2"]);
    expect(await (await postRecords("e3", "e4")).json()).toMatchObject({
      offsets: [{ error_code: 50002, error: "no" }, { error_code: null }],
    });
    expect(countedIds()).toEqual(["e1", "e2", "e4"]);
  });

  test("a standing fault gives way to a scripted one", async () => {
    backend.always({ kind: "answer", status: 503 });
    backend.next(undefined);
    expect([(await postEvent("e1")).status, (await postEvent("e2")).status]).toEqual([200, 503]);
    backend.always((request) => (request % 2 === 0 ? { kind: "answer", status: 502 } : undefined));
    expect([(await postEvent("e2")).status, (await postEvent("e2")).status]).toEqual([502, 200]);
    backend.always(undefined);
    expect((await postEvent("e2")).status).toBe(200);
  });
});
