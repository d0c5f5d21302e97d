import nock from "nock";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sendOne } from "../test/send-one.ts";

const baseUrl = "https://meter.example.com";
const PATHS = { events: "/api/v1/events", "kafka-rest": "/topics/usage-events" } as const;

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

describe.each(["events", "kafka-rest"] as const)("%s", (dialect) => {
  const answered = (status: number, body = "", headers: Record<string, string> = {}) => {
    nock(baseUrl).post(PATHS[dialect]).reply(status, body, headers);
    return sendOne({ baseUrl, dialect });
  };

  test.each([
    [300, "blocked"],
    [301, "blocked"],
    [302, "blocked"],
    [304, "blocked"],
    [307, "blocked"],
    [308, "blocked"],
    [400, "invalid"],
    [404, "blocked"],
    [405, "blocked"],
    [406, "blocked"],
    [413, "too_large"],
    [415, "blocked"],
    [422, "invalid"],
    [429, "unavailable"],
  ])("%i certainly left the event unprocessed: %s", async (status, kind) => {
    const { fault } = await answered(status);
    expect(fault).toMatchObject({ kind, status });
    expect(fault?.credentials).toBeUndefined();
  });

  test.each([401, 403])("%i is a fault of the credentials", async (status) => {
    expect((await answered(status)).fault).toMatchObject({ kind: "blocked", status, credentials: true });
  });

  test.each([202, 204, 402, 408, 409, 410, 418, 425, 431, 500, 501, 502, 503, 504, 507, 520, 599])(
    "%i may have been processed",
    async (status) => {
      expect((await answered(status)).outcomes).toMatchObject([{ state: "unsure", status }]);
    },
  );

  test.each([
    ["7", 7_000],
    ["0", 0],
    ["Sun, 06 Nov 1994 08:50:37 GMT", 60_000],
  ])("503 with Retry-After %j was not processed", async (retryAfter, retryAfterMs) => {
    const { fault } = await answered(503, "", {
      "retry-after": retryAfter,
      date: "Sun, 06 Nov 1994 08:49:37 GMT",
    });
    expect(fault).toMatchObject({ kind: "unavailable", status: 503, retryAfterMs });
  });

  test("503 with a Retry-After that says nothing may have been processed", async () => {
    expect((await answered(503, "", { "retry-after": "soon" })).outcomes).toMatchObject([
      { state: "unsure" },
    ]);
  });

  test("429 names its delay; so does a 500", async () => {
    expect((await answered(429, "", { "retry-after": "3" })).fault?.retryAfterMs).toBe(3_000);
    expect((await answered(500, "", { "retry-after": "3" })).outcomes).toMatchObject([
      { state: "unsure", retryAfterMs: 3_000 },
    ]);
  });

  test("200 with a captive portal's page is no acknowledgement", async () => {
    const page = "<html><body>Please log in</body></html>";
    const answer = await answered(200, page, { "content-type": "text/html" });
    expect(answer.outcomes).toMatchObject([{ state: "unsure", status: 200, body: page }]);
  });

  test.each(["", "null", "[]", "true", '"ok"', "12", '{"offsets"', '{"error":"backend down"}'])(
    "200 with %j is no acknowledgement",
    async (body) => {
      expect((await answered(200, body)).outcomes).toMatchObject([{ state: "unsure", status: 200 }]);
    },
  );

  test("the receiver's own answer is kept: JSON parsed, text cut at 4 KiB", async () => {
    expect((await answered(400, '{"detail":"no"}')).fault?.body).toEqual({ detail: "no" });
    expect((await answered(400, "x".repeat(10_000))).fault?.body).toBe("x".repeat(4_096));
    expect((await answered(400)).fault?.body).toBeUndefined();
  });

  test("the receiver's clock is read from Date", async () => {
    const answer = await answered(500, "", { date: "Sun, 06 Nov 1994 08:49:37 GMT" });
    expect(answer.receiverTime).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
    expect((await answered(400, "", { date: "yesterday" })).receiverTime).toBeUndefined();
  });

  test("a redirect names where it leads, without its query, and is not followed", async () => {
    const { fault } = await answered(307, "", { location: "https://other.example.com/login?token=abc" });
    expect(fault?.reason).toContain("https://other.example.com/login");
    expect(fault?.reason).not.toContain("abc");
    expect(nock.pendingMocks()).toEqual([]);
  });
});

describe("events", () => {
  const answered = (status: number, body: string) => {
    nock(baseUrl).post(PATHS.events).reply(status, body);
    return sendOne({ baseUrl });
  };

  test.each([200, 201, 202])(
    "%i with a JSON object acknowledges, and gives the answer back",
    async (status) => {
      expect((await answered(status, '{"status":"accepted","id":5}')).outcomes).toEqual([
        { state: "acknowledged", response: { status: "accepted", id: 5 } },
      ]);
    },
  );

  test.each([200, 409])("%i with status duplicate: the receiver had it already", async (status) => {
    expect((await answered(status, '{"status":"duplicate"}')).outcomes).toEqual([
      { state: "acknowledged", duplicate: true, response: { status: "duplicate" } },
    ]);
  });
});
