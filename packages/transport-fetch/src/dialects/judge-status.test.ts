import nock from "nock";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { documentedStatuses } from "../../test/answers-page.ts";
import { outcomesOf } from "../../test/outcomes-of.ts";
import { sendOne } from "../../test/send-one.ts";

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

  test("every status means what the documentation says, and leaves it open where that says nothing", async () => {
    const statuses = Array.from({ length: 400 }, (_, i) => 200 + i);
    const verdicts = await Promise.all(
      statuses.map(async (status) => {
        // No platform has a Response of every status: what a dialect judges is made by hand.
        const send = async () => ({
          status,
          header: () => null,
          read: async () => ({ text: "", whole: true }),
          discard: () => {},
        });
        const answer = await sendOne({ baseUrl, dialect, send });
        return [status, answer.fault?.kind ?? outcomesOf(answer)[0]?.state];
      }),
    );
    expect(verdicts).toEqual(statuses.map((status) => [status, documentedStatuses.get(status) ?? "unsure"]));
    expect(documentedStatuses.size).toBe(29);
  });

  test.each([400, 404, 429, 511])(
    "%i names its status and is no fault of the credentials",
    async (status) => {
      const { fault } = await answered(status);
      expect(fault).toMatchObject({ status, reason: expect.stringContaining(`(HTTP ${status})`) });
      expect(fault?.credentials).toBeUndefined();
    },
  );

  test.each([401, 403])("%i is a fault of the credentials", async (status) => {
    expect((await answered(status)).fault).toMatchObject({ kind: "blocked", status, credentials: true });
  });

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

  test.each(["soon", "2026-11-30T12:00:00Z", "120, 120"])(
    "503 with Retry-After %j, which cannot be read, was not processed either",
    async (retryAfter) => {
      const { fault } = await answered(503, "", { "retry-after": retryAfter });
      expect(fault).toMatchObject({ kind: "unavailable", status: 503 });
      expect(fault?.retryAfterMs).toBeUndefined();
    },
  );

  test("429 names its delay; so does a 500", async () => {
    expect((await answered(429, "", { "retry-after": "3" })).fault?.retryAfterMs).toBe(3_000);
    expect(outcomesOf(await answered(500, "", { "retry-after": "3" }))).toMatchObject([
      { state: "unsure", retryAfterMs: 3_000 },
    ]);
  });

  test("200 with a captive portal's page is no acknowledgement", async () => {
    const page = "<html><body>Please log in</body></html>";
    const answer = await answered(200, page, { "content-type": "text/html" });
    expect(outcomesOf(answer)).toMatchObject([{ state: "unsure", status: 200, body: page }]);
  });

  test.each(["", "null", "[]", "true", '"ok"', "12", '{"offsets"', '{"error":"backend down"}'])(
    "200 with %j is no acknowledgement",
    async (body) => {
      expect(outcomesOf(await answered(200, body))).toMatchObject([{ state: "unsure", status: 200 }]);
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
      expect(outcomesOf(await answered(status, '{"status":"accepted","id":5}'))).toEqual([
        { state: "acknowledged", response: { status: "accepted", id: 5 } },
      ]);
    },
  );

  test.each([200, 409])("%i with status duplicate: the receiver had it already", async (status) => {
    expect(outcomesOf(await answered(status, '{"status":"duplicate"}'))).toEqual([
      { state: "acknowledged", duplicate: true, response: { status: "duplicate" } },
    ]);
  });
});

describe("kafka-rest", () => {
  test("408 with an error_code is the server's own: Kafka may have the record", async () => {
    nock(baseUrl).post(PATHS["kafka-rest"]).reply(408, { error_code: 40801, message: "Timed out" });
    const answer = await sendOne({ baseUrl, dialect: "kafka-rest" });
    expect(outcomesOf(answer)).toMatchObject([
      { state: "unsure", status: 408, reason: "Kafka error 40801: Timed out" },
    ]);
  });
});
