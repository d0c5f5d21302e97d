import { createHmac } from "node:crypto";
import { fakeClock } from "@meter-lib/testing";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { beforeAll, expect, test } from "vitest";
import { batchOf, pageEvent, pageRequest, relayUnderTest } from "../../test/relay-under-test.ts";
import { createRelay, memoryDedup } from "../index.ts";
import { tenantTokens } from "./tenant-tokens.ts";

const SECRET = "a secret of thirty-two characters and more";
const clock = fakeClock();
const tokens = tenantTokens({ secret: SECRET, clock });
const SUBJECT = { tenant_id: "tenant_456", device_id: "web-9" };

let pair: Awaited<ReturnType<typeof generateKeyPair>>;
beforeAll(async () => {
  pair = await generateKeyPair("RS256");
});

const authenticate = (token: string | undefined, from = tokens) =>
  from.authenticate(pageRequest({ body: {} }), { token });

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token as somebody would make it by hand. */
const handmade = (header: object, claims: object, sign: (input: string) => string): string => {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${sign(input)}`;
};

const hmac = (key: string) => (input: string) => createHmac("sha256", key).update(input).digest("base64url");

const HEADER = { alg: "HS256", kid: "default", typ: "meter+jwt" };
const seconds = () => Math.floor(clock.now() / 1_000);
const claims = () => ({ ...SUBJECT, aud: "meter-relay", iat: seconds(), exp: seconds() + 60 });

test("a token says whom a page is metered for", async () => {
  const token = await tokens.issue({ ...SUBJECT, meters: ["page.processed.basic"] });
  expect(await authenticate(token)).toEqual({ ...SUBJECT, meters: ["page.processed.basic"] });
  expect(await authenticate(await tokens.issue(SUBJECT))).toEqual(SUBJECT);
  const ofUser = { ...SUBJECT, subject: "user_7" };
  expect(await authenticate(await tokens.issue(ofUser))).toEqual(ofUser);
});

test("the handmade tokens below are refused for what is wrong with them alone", async () => {
  expect(await authenticate(handmade(HEADER, claims(), hmac(SECRET)))).toEqual(SUBJECT);
});

test.each([
  ["no token", () => undefined, "token_missing"],
  ["an empty one", () => "", "token_missing"],
  ["text", () => "abc", "token_invalid"],
  ["three dots", () => "a.b.c", "token_invalid"],
  ["a signature of another secret", () => handmade(HEADER, claims(), hmac("x".repeat(40))), "token_invalid"],
  ["no signature", () => handmade(HEADER, claims(), () => ""), "token_invalid"],
  ["alg none", () => handmade({ ...HEADER, alg: "none" }, claims(), () => ""), "token_invalid"],
  ["alg None", () => handmade({ ...HEADER, alg: "None" }, claims(), () => ""), "token_invalid"],
  ["alg none, signed", () => handmade({ ...HEADER, alg: "none" }, claims(), hmac(SECRET)), "token_invalid"],
  ["another alg", () => handmade({ ...HEADER, alg: "HS384" }, claims(), hmac(SECRET)), "token_invalid"],
  ["no key name", () => handmade({ ...HEADER, kid: undefined }, claims(), hmac(SECRET)), "token_invalid"],
  ["another key name", () => handmade({ ...HEADER, kid: "k2" }, claims(), hmac(SECRET)), "token_unknown_key"],
  [
    "a key name of the prototype",
    () => handmade({ ...HEADER, kid: "__proto__" }, claims(), hmac(SECRET)),
    "token_unknown_key",
  ],
  [
    "a key of its own",
    () => handmade({ ...HEADER, jwk: { kty: "oct", k: "eA" } }, claims(), hmac("x")),
    "token_invalid",
  ],
  [
    "an unknown critical header",
    () => handmade({ ...HEADER, crit: ["x"], x: 1 }, claims(), hmac(SECRET)),
    "token_invalid",
  ],
  ["another type", () => handmade({ ...HEADER, typ: "JWT" }, claims(), hmac(SECRET)), "token_invalid"],
  [
    "another audience",
    () => handmade(HEADER, { ...claims(), aud: "billing" }, hmac(SECRET)),
    "token_wrong_audience",
  ],
  [
    "no audience",
    () => handmade(HEADER, { ...claims(), aud: undefined }, hmac(SECRET)),
    "token_wrong_audience",
  ],
  [
    "an end that is past",
    () => handmade(HEADER, { ...claims(), exp: seconds() - 6 }, hmac(SECRET)),
    "token_expired",
  ],
  ["no end", () => handmade(HEADER, { ...claims(), exp: undefined }, hmac(SECRET)), "token_invalid"],
  [
    "a start to come",
    () => handmade(HEADER, { ...claims(), nbf: seconds() + 60 }, hmac(SECRET)),
    "token_not_yet_valid",
  ],
  ["no tenant", () => handmade(HEADER, { ...claims(), tenant_id: undefined }, hmac(SECRET)), "token_invalid"],
  ["an empty device", () => handmade(HEADER, { ...claims(), device_id: "" }, hmac(SECRET)), "token_invalid"],
  [
    "a tenant that is no text",
    () => handmade(HEADER, { ...claims(), tenant_id: ["a"] }, hmac(SECRET)),
    "token_invalid",
  ],
  [
    "meters that are no list",
    () => handmade(HEADER, { ...claims(), meters: "all" }, hmac(SECRET)),
    "token_invalid",
  ],
])("%s is refused", async (_name, token, denied) => {
  expect(await authenticate(token())).toEqual({ denied, message: expect.stringMatching(/^token: /) });
});

test("a token is good until it ends, and its replay is not", async () => {
  const token = await tokens.issue({ ...SUBJECT, expiresInMs: 60_000 });
  await clock.advance(59_000);
  expect(await authenticate(token)).toEqual(SUBJECT);
  await clock.advance(7_000);
  expect(await authenticate(token)).toMatchObject({ denied: "token_expired" });
});

test("a public key is no secret: a token signed with its text is refused", async () => {
  const own = tenantTokens({ keys: [{ kid: "rsa", alg: "RS256", ...pair }], clock });
  expect(await authenticate(await own.issue(SUBJECT), own)).toEqual(SUBJECT);
  const publicText = await exportSPKI(pair.publicKey);
  const forged = handmade({ ...HEADER, kid: "rsa" }, claims(), hmac(publicText));
  expect(await authenticate(forged, own)).toMatchObject({ denied: "token_invalid" });
});

test("a relay that has the public key only takes tokens and issues none", async () => {
  const issuing = tenantTokens({ keys: [{ kid: "rsa", alg: "RS256", ...pair }], clock });
  const relaying = tenantTokens({ keys: [{ kid: "rsa", alg: "RS256", publicKey: pair.publicKey }], clock });
  expect(await authenticate(await issuing.issue(SUBJECT), relaying)).toEqual(SUBJECT);
  await expect(relaying.issue(SUBJECT)).rejects.toMatchObject({ code: "invalid_options" });
});

test("keys are rotated: the first one signs, the others are still taken until they go", async () => {
  const old = { kid: "2026-01", secret: "o".repeat(32) };
  const next = { kid: "2026-02", secret: "n".repeat(32) };
  const before = tenantTokens({ keys: [old], clock });
  const during = tenantTokens({ keys: [next, old], clock });
  const after = tenantTokens({ keys: [next], clock });
  const [oldToken, newToken] = [await before.issue(SUBJECT), await during.issue(SUBJECT)];
  expect(await authenticate(oldToken, during)).toEqual(SUBJECT);
  expect(await authenticate(newToken, after)).toEqual(SUBJECT);
  expect(await authenticate(oldToken, after)).toMatchObject({ denied: "token_unknown_key" });
  // The name of one key with the signature of another.
  const mixed = handmade({ ...HEADER, kid: "2026-02" }, claims(), hmac(old.secret));
  expect(await authenticate(mixed, during)).toMatchObject({ denied: "token_invalid" });
});

test("issuer and audience of one's own are asked for", async () => {
  const own = tenantTokens({ secret: SECRET, issuer: "https://a.example.com", audience: "relay-eu", clock });
  expect(await authenticate(await own.issue(SUBJECT), own)).toEqual(SUBJECT);
  const other = tenantTokens({
    secret: SECRET,
    issuer: "https://b.example.com",
    audience: "relay-eu",
    clock,
  });
  expect(await authenticate(await other.issue(SUBJECT), own)).toMatchObject({ denied: "token_wrong_issuer" });
  const elsewhere = tenantTokens({ secret: SECRET, issuer: "https://a.example.com", clock });
  expect(await authenticate(await elsewhere.issue(SUBJECT), own)).toMatchObject({
    denied: "token_wrong_audience",
  });
});

test("another service's token of the same secret is none of ours", async () => {
  const token = await new SignJWT(SUBJECT)
    .setProtectedHeader({ alg: "HS256", kid: "default", typ: "JWT" })
    .setAudience("meter-relay")
    .setExpirationTime(seconds() + 60)
    .sign(new TextEncoder().encode(SECRET));
  expect(await authenticate(token)).toMatchObject({ denied: "token_invalid" });
});

test.each([
  [{ tenant_id: "", device_id: "d" }, "tenant_id: "],
  [{ tenant_id: "t", device_id: "d".repeat(256) }, "device_id: "],
  [{ ...SUBJECT, expiresInMs: 500 }, "expiresInMs: "],
  [{ ...SUBJECT, expiresInMs: 86_400_001 }, "expiresInMs: "],
])("issues none for %o", async (request, message) => {
  await expect(tokens.issue(request)).rejects.toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining(message),
  });
});

test.each([
  [{}, "keys: expected at least one key"],
  [{ secret: "short" }, "secret: expected at least 32 bytes, got 5 bytes"],
  [{ secret: SECRET, keys: [] }, "secret: expected one of the two"],
  [{ keys: [{ kid: "a", secret: "short" }] }, "keys.0.secret: expected at least 32 bytes"],
  [
    {
      keys: [
        { kid: "a", secret: SECRET },
        { kid: "a", secret: SECRET },
      ],
    },
    "keys.1.kid: expected a name of its own",
  ],
])("refuses the options %o and repeats no secret", (options, message) => {
  const attempt = () => tenantTokens(options);
  expect(attempt).toThrow(
    expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(message) }),
  );
  expect(attempt).toThrow(expect.objectContaining({ message: expect.not.stringContaining("short") }));
});

/** A relay with the tokens above, on their clock. */
const guardedRelay = () => relayUnderTest({ authenticate: tokens.authenticate, clock });
const batch = (events: readonly unknown[]) => ({ sent_at: clock.now(), events });
const freshEvent = () => pageEvent({ event_time: clock.now() });

test("the relay takes tenant and device from the token, in the header or in the body", async () => {
  const token = await tokens.issue(SUBJECT);
  for (const request of [
    { body: batch([freshEvent()]), headers: { authorization: `Bearer ${token}` } },
    { body: { ...batch([freshEvent()]), token }, headers: { "content-type": "text/plain" } },
  ]) {
    const { relay, transport, client } = guardedRelay();
    const answering = relay(pageRequest(request));
    await clock.settle();
    expect((await answering).status).toBe(200);
    const flushed = client.flush();
    await clock.advance(5_000);
    await flushed;
    expect(transport.events).toMatchObject([SUBJECT]);
  }
});

test("a token in the header goes before one in the body", async () => {
  const body = { ...batch([freshEvent()]), token: await tokens.issue(SUBJECT) };
  const { relay } = guardedRelay();
  const answer = await relay(pageRequest({ body, headers: { authorization: "Bearer forged" } }));
  expect(answer.status).toBe(401);
});

test("a token that does not do is answered as 401, with the reason", async () => {
  const { relay } = guardedRelay();
  const token = await tokens.issue({ ...SUBJECT, expiresInMs: 1_000 });
  await clock.advance(10_000);
  const answer = await relay(pageRequest({ body: { ...batch([freshEvent()]), token } }));
  expect(answer.status).toBe(401);
  expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  expect(await answer.json()).toEqual({
    error: {
      code: "token_expired",
      message: "token: it has expired; get a new one and send the events again",
    },
  });
});

test("a meter outside of the token's scope is rejected, the others are taken", async () => {
  const token = await tokens.issue({ ...SUBJECT, meters: ["page.processed.basic"] });
  const { relay } = guardedRelay();
  const events = [
    { ...freshEvent(), event_id: "a", meter_id: "page.processed.advanced" },
    { ...freshEvent(), event_id: "b" },
  ];
  const answer = await relay(pageRequest({ body: { ...batch(events), token } }));
  expect(await answer.json()).toEqual({
    results: [
      {
        event_id: "a",
        state: "rejected",
        reason: "meter_id: this meter is outside of what the credentials may report",
      },
      { event_id: "b", state: "accepted" },
    ],
  });
});

test("credentials that are not known are a 401; an authentication that fails is a 503, and tells nothing", async () => {
  const unknown = relayUnderTest({ authenticate: () => undefined });
  const answer = await unknown.relay(pageRequest({ body: batchOf(pageEvent()) }));
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({ error: { code: "unauthenticated" } });

  const errors: unknown[] = [];
  const broken = relayUnderTest({
    authenticate: () => Promise.reject(new Error("database password is hunter2")),
    onError: (error) => {
      errors.push(error);
      throw new Error("the hook is broken too");
    },
  });
  const failed = await broken.relay(pageRequest({ body: batchOf(pageEvent()) }));
  expect(failed.status).toBe(503);
  expect(failed.headers.get("retry-after")).toBe("5");
  expect(await failed.text()).not.toContain("hunter2");
  expect(errors).toMatchObject([{ message: "database password is hunter2" }]);
});

test("what the credentials say of meters holds for a relay without a client too", async () => {
  const { transport } = relayUnderTest();
  const relay = createRelay({
    authenticate: () => ({ ...SUBJECT, meters: [] }),
    dedup: memoryDedup(),
    origins: (origin) => origin.length > 0,
    transport,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "c" }) },
  });
  const answer = await relay(pageRequest({ body: batchOf(pageEvent()) }));
  expect(await answer.json()).toMatchObject({ results: [{ state: "rejected" }] });
  expect(transport.events).toEqual([]);
});
