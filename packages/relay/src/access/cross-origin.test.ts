import { expect, test } from "vitest";
import { batchOf, ORIGIN, pageEvent, pageRequest, relayUnderTest } from "../../test/relay-under-test.ts";

const post = (origin: string | undefined) =>
  pageRequest({ body: batchOf(pageEvent()), headers: { origin, "content-type": "text/plain" } });

test("a page of an allowed origin may read the answer, its time and when to come again", async () => {
  const { relay } = relayUnderTest();
  const { status, headers } = await relay(post(ORIGIN));
  expect(status).toBe(200);
  expect(headers.get("access-control-allow-origin")).toBe(ORIGIN);
  expect(headers.get("access-control-expose-headers")).toBe("Date, Retry-After");
  expect(headers.get("access-control-allow-credentials")).toBeNull();
  expect(headers.get("vary")).toBe("Origin");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(Math.abs(Date.parse(headers.get("date") ?? "") - Date.now())).toBeLessThan(60_000);
});

test.each([
  "https://evil.example.com",
  "https://app.example.com.evil.example",
  "http://app.example.com",
  "https://app.example.com:8443",
  "https://APP.example.com",
  "null",
  "",
])("a page of %j is refused, though text/plain needs no preflight, and nothing is taken", async (origin) => {
  const { relay, transport, client } = relayUnderTest();
  const answer = await relay(post(origin));
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ error: { code: "origin_not_allowed" } });
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  expect(answer.headers.get("vary")).toBe("Origin");
  await client.flush();
  expect(transport.events).toEqual([]);
});

test("a request without Origin is refused, unless that is allowed", async () => {
  const answer = await relayUnderTest().relay(post(undefined));
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ error: { code: "origin_missing" } });
  const { relay } = relayUnderTest({ allowMissingOrigin: true });
  expect((await relay(post(undefined))).status).toBe(200);
  expect((await relay(post("https://evil.example.com"))).status).toBe(403);
});

test("a preflight is told what a page may send", async () => {
  const { relay } = relayUnderTest();
  const answer = await relay(
    pageRequest({
      method: "OPTIONS",
      headers: { "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    }),
  );
  expect(answer.status).toBe(204);
  expect(await answer.text()).toBe("");
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "access-control-allow-origin": ORIGIN,
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "7200",
  });
});

test("a preflight of a foreign page is refused", async () => {
  const { relay } = relayUnderTest();
  const answer = await relay(
    pageRequest({ method: "OPTIONS", headers: { origin: "https://evil.example.com" } }),
  );
  expect(answer.status).toBe(403);
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
});

test("cookies may be sent along only when that is allowed", async () => {
  const { relay } = relayUnderTest({ allowCredentials: true });
  expect((await relay(post(ORIGIN))).headers.get("access-control-allow-credentials")).toBe("true");
});

test("a function may decide about origins", async () => {
  const { relay } = relayUnderTest({ origins: (origin) => origin.endsWith(".example.org") });
  expect((await relay(post("https://a.example.org"))).status).toBe(200);
  expect((await relay(post(ORIGIN))).status).toBe(403);
});

test("an error, too, can be read by the page that caused it", async () => {
  const { relay } = relayUnderTest();
  const answer = await relay(pageRequest({ text: "{" }));
  expect(answer.status).toBe(400);
  expect(answer.headers.get("access-control-allow-origin")).toBe(ORIGIN);
});

test.each(["GET", "PUT", "DELETE", "PATCH", "HEAD"])("%s is not allowed", async (method) => {
  const { relay } = relayUnderTest();
  const answer = await relay(pageRequest({ method }));
  expect(answer.status).toBe(405);
  expect(answer.headers.get("allow")).toBe("POST, OPTIONS");
});
