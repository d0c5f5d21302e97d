import { createServer } from "node:net";
import type { LookupAnswer } from "@meter-lib/core/transport";
import fc from "fast-check";
import nock from "nock";
import { afterEach, describe, expect, test } from "vitest";
import { loopbackServer } from "../test/loopback-server.ts";
import { type HttpCustomerLookupOptions, httpCustomerLookup } from "./index.ts";

const baseUrl = "https://portal.example.com";
const context = () => ({ signal: AbortSignal.timeout(60_000) });

afterEach(() => nock.cleanAll());

/** What a lookup makes of an answer. */
const answered = (
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Promise<LookupAnswer> => {
  nock(baseUrl).get("/api/v1/customer-accounts/tenant/t1").reply(status, body, headers);
  return httpCustomerLookup({ baseUrl }).lookup("t1", context());
};

describe("answers", () => {
  test.each(['[{"id":"cust_001"}]', '[{"id":"cust_001"},{"id":"cust_002"}]', '{"id":"cust_001","name":"x"}'])(
    "%s is a customer",
    async (body) => expect(await answered(200, body)).toEqual({ state: "found", customer_id: "cust_001" }),
  );

  test("an empty list: the tenant has no customer", async () => {
    expect(await answered(200, "[]")).toMatchObject({ state: "unknown" });
  });

  test("404 with a JSON object: the lookup answered, and has no such tenant", async () => {
    expect(await answered(404, '{"detail":"not found"}')).toMatchObject({ state: "unknown" });
  });

  test.each(["", "404 page not found", "<html></html>", "[]"])(
    "404 with %j may be a wrong base URL",
    async (body) => {
      expect(await answered(404, body)).toMatchObject({ state: "failed", status: 404 });
    },
  );

  test.each([
    ["{}", "id: expected text, got nothing"],
    ['[{"name":"x"}]', "id: expected text, got nothing"],
    ['{"id":5}', "id: expected text, got 5"],
    ['{"id":null}', "id: expected text, got null"],
    ['{"id":["a"]}', "id: expected text, got an array"],
    ['{"id":""}', 'id: expected 1 to 255 characters, got ""'],
    ['{"id":"  "}', 'id: expected 1 to 255 characters, got "  "'],
    ['["cust_001"]', "neither an object nor a list of objects"],
    ['"cust_001"', "neither an object nor a list of objects"],
    ["null", "neither an object nor a list of objects"],
    ["", "not JSON"],
    ["<html>Please log in</html>", "not JSON"],
    ['{"id":"cust', "not JSON"],
  ])("200 with %s is a failure that says why", async (body, reason) => {
    expect(await answered(200, body)).toMatchObject({
      state: "failed",
      status: 200,
      reason: expect.stringContaining(reason),
    });
  });

  test("an id of 255 characters is taken, a longer one is not", async () => {
    const id = "c".repeat(255);
    expect(await answered(200, JSON.stringify({ id }))).toEqual({ state: "found", customer_id: id });
    expect(await answered(200, JSON.stringify({ id: `${id}c` }))).toMatchObject({ state: "failed" });
  });

  test.each([401, 403])("%i names what was refused, and never shows it", async (status) => {
    const refused = async (options: Partial<HttpCustomerLookupOptions>) => {
      nock(baseUrl).get(/.*/).reply(status, "who are you?");
      const answer = await httpCustomerLookup({ baseUrl, ...options }).lookup("t1", context());
      expect(answer).toMatchObject({ state: "failed", status, credentials: true });
      expect(JSON.stringify(answer)).not.toContain("s3cret");
      return answer.state === "failed" ? answer.reason : undefined;
    };
    const start = `the lookup answered HTTP ${status}: `;
    expect(await refused({})).toBe(`${start}it wants a key, and none is set`);
    expect(await refused({ apiKey: "s3cret" })).toBe(`${start}it refuses the key apiKey`);
    expect(await refused({ apiKey: "s3cret", apiKeyName: "PORTAL_KEY" })).toBe(
      `${start}it refuses the key PORTAL_KEY`,
    );
    expect(await refused({ headers: { "x-portal": "s3cret" } })).toBe(
      `${start}it refuses the headers x-portal`,
    );
  });

  test.each([301, 302, 307, 400, 401, 403, 408, 429, 500, 503])("%i is a failure", async (status) => {
    expect(await answered(status, '{"id":"cust_001"}')).toMatchObject({
      state: "failed",
      status,
      body: { id: "cust_001" },
    });
  });

  test("Retry-After is passed on", async () => {
    expect(await answered(503, "", { "retry-after": "30" })).toMatchObject({
      state: "failed",
      retryAfterMs: 30_000,
    });
  });

  test("an answer of any length is read up to a bound", async () => {
    expect(await answered(200, JSON.stringify({ id: "c", pad: "x".repeat(100_000) }))).toMatchObject({
      state: "failed",
    });
  });

  test("a redirect is not followed", async () => {
    nock(baseUrl).get("/elsewhere").reply(200, '{"id":"cust_002"}');
    expect(await answered(302, "", { location: `${baseUrl}/elsewhere` })).toMatchObject({
      state: "failed",
      status: 302,
    });
    expect(nock.pendingMocks()).toHaveLength(1);
  });
});

describe("tenants", () => {
  test.each(["a/b", "%2e", "%2e%2e", "..%2f", "a?b=c#d", "a b", "日本 \u{1f600}", "...", "t".repeat(10_000)])(
    "%j is one segment of the path",
    async (tenant_id) => {
      await using server = await loopbackServer((response) => response.end('{"id":"cust_001"}'));
      const answer = await httpCustomerLookup({ baseUrl: server.url }).lookup(tenant_id, context());
      expect(answer).toMatchObject({ state: "found" });
      const segments = server.requests[0]?.path.split("/") ?? [];
      expect(segments.length).toBe(6);
      expect(decodeURIComponent(segments[5] ?? "")).toBe(tenant_id);
    },
  );

  test.each(["", ".", "..", "\ud83d"])("%j is never asked for", async (tenant_id) => {
    const answer = await httpCustomerLookup({ baseUrl: "http://127.0.0.1:9" }).lookup(tenant_id, context());
    expect(answer).toMatchObject({ state: "failed", reason: expect.stringContaining("tenant_id") });
  });

  test("the portal sends the tenant as a header: what that cannot hold is never asked for", async () => {
    const lookup = httpCustomerLookup({ baseUrl: "http://127.0.0.1:9", apiKey: "key" });
    expect(await lookup.lookup("日本", context())).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("tenant_id"),
    });
  });

  test("any tenant gets its own path or none", async () => {
    await using server = await loopbackServer((response) => response.end('{"id":"cust_001"}'));
    const lookup = httpCustomerLookup({ baseUrl: server.url });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (tenant_id) => {
        const { state } = await lookup.lookup(tenant_id, context());
        const asked = server.requests.at(-1)?.path.slice("/api/v1/customer-accounts/tenant/".length) ?? "";
        expect(state === "failed" || decodeURIComponent(asked) === tenant_id).toBe(true);
      }),
    );
  });
});

describe("failures on the way", () => {
  test("a refused connection", async () => {
    const server = await loopbackServer(() => {});
    await server[Symbol.asyncDispose]();
    const answer = await httpCustomerLookup({ baseUrl: server.url }).lookup("t1", context());
    expect(answer).toMatchObject({ state: "failed", reason: expect.stringContaining("ECONNREFUSED") });
  });

  test("a reset in the middle of the answer", async () => {
    await using server = await loopbackServer((response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"id":', () => response.socket?.resetAndDestroy());
    });
    expect(await httpCustomerLookup({ baseUrl: server.url }).lookup("t1", context())).toMatchObject({
      state: "failed",
    });
  });

  test.each(["no answer", "a body that never ends"])("%s, until the signal aborts", async (fault) => {
    const caller = new AbortController();
    await using server = await loopbackServer((response) => {
      if (fault === "no answer") caller.abort();
      else response.write("[", () => caller.abort());
    });
    const answer = await httpCustomerLookup({ baseUrl: server.url }).lookup("t1", { signal: caller.signal });
    expect(answer).toMatchObject({ state: "failed", timeout: true });
  });

  test("no response within timeoutMs", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const lookup = httpCustomerLookup({ baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 20 });
    expect(await lookup.lookup("t1", context())).toMatchObject({ state: "failed", timeout: true });
    server.close();
  });

  test("a fetch that ignores its signal, one that throws synchronously", async () => {
    const caller = new AbortController();
    const deaf = httpCustomerLookup({ baseUrl, fetch: () => new Promise(() => caller.abort()) });
    expect(await deaf.lookup("t1", { signal: caller.signal })).toMatchObject({
      state: "failed",
      timeout: true,
    });
    const broken = httpCustomerLookup({
      baseUrl,
      fetch: () => {
        throw new Error("broken wrapper");
      },
    });
    expect(await broken.lookup("t1", context())).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("broken wrapper"),
    });
  });

  test("a secret that the server repeats is not passed on", async () => {
    await using server = await loopbackServer((response, _, headers) =>
      response.writeHead(401).end(JSON.stringify(headers)),
    );
    const options: HttpCustomerLookupOptions = {
      baseUrl: server.url,
      apiKey: "s3cret-key",
      headers: { "x-auth": "other-s3cret" },
    };
    const answer = await httpCustomerLookup(options).lookup("t1", context());
    expect(answer).toMatchObject({ body: { authorization: "[hidden]", "x-auth": "[hidden]" } });
    // A bearer of the user's own, which the server repeats without its scheme.
    const bare = await httpCustomerLookup({
      baseUrl: server.url,
      headers: { authorization: "Bearer s3cret-key", "x-note": "s3cret-key" },
    }).lookup("t1", context());
    expect(JSON.stringify(bare)).not.toContain("s3cret");
  });
});

test("further headers go along, but ours win", async () => {
  await using server = await loopbackServer((response) => response.end("[]"));
  const headers = { "X-Region": "eu", Authorization: "Bearer other" };
  await httpCustomerLookup({ baseUrl: `${server.url}/gateway/`, apiKey: "key", headers }).lookup(
    "t1",
    context(),
  );
  expect(server.requests).toMatchObject([
    {
      path: "/gateway/metering/v1alpha1/customer-accounts/tenant/t1",
      headers: { "x-region": "eu", authorization: "Bearer key" },
    },
  ]);
});
