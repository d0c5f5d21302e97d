import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { jwtVerify, SignJWT, UnsecuredJWT } from "jose";
import { expect, test } from "vitest";
import { lagoServer } from "../../test/lago-server.ts";
import { acknowledged, keepingClient } from "../../test/refuted-client.ts";
import { lagoTransport } from "./lago-transport.ts";
import { type LagoWebhookOptions, lagoWebhook } from "./lago-webhook.ts";

const URL = "https://app.example/lago";
const refuse = { refute: () => Promise.reject(new Error("must not be called")) };

test("events of a metric that Lago does not have become dead letters within the hour", async () => {
  await using server = await lagoServer({ metrics: ["other"] });
  await using client = keepingClient(lagoTransport({ baseUrl: server.url, apiKey: "lago_key" }));
  await acknowledged(client, 3);
  const handle = lagoWebhook({ client, hmacKey: "hmac_key" });
  const delivery = server.errorsWebhook(URL);
  const again = delivery.clone();
  const response = await handle(delivery);
  expect(await response.json()).toMatchObject({ refuted: 3, unresolved: [] });
  expect(await client.stats()).toMatchObject({ acknowledged: 0, rejected: 3, refuted: 3 });
  expect(await client.list({ limit: 1 })).toMatchObject([{ reason: "invalid_code" }]);
  // Lago has the events, and says so when they come again: the metric is to be made first, and the events taken in by Lago then.
  await client.redrive({ state: "rejected" });
  await client.flush();
  expect(await (await handle(again)).json()).toEqual({ replayed: true });
  expect(await client.stats()).toMatchObject({ acknowledged: 3, rejected: 0 });
});

const request = (body: string, headers: Record<string, string>) =>
  new Request(URL, { method: "POST", headers, body });

const eventError = (message: object, transaction_id = "tenant_123/e-1") =>
  JSON.stringify({ webhook_type: "event.error", event_error: { message, event: { transaction_id } } });

/** As `jwt_signature` in app/models/webhook.rb of getlago/lago-api. */
const jwt = (data: string, key: Parameters<SignJWT["sign"]>[0], alg = "RS256") =>
  new SignJWT({ data }).setProtectedHeader({ alg }).setIssuer("https://api.getlago.com").sign(key);

const keyPair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const pemOf = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
const headersOf = (token: string) => ({
  "x-lago-signature": token,
  "x-lago-signature-algorithm": "jwt",
});

test("a signature may be a token; its content counts, and not the body's", async () => {
  const { publicKey, privateKey } = keyPair();
  await using client = keepingClient();
  const [id = ""] = await acknowledged(client, 1);
  const handle = lagoWebhook({ client, publicKey: pemOf(publicKey) });
  const good = eventError({ code: ["metric_not_found"] }, `tenant_123/${id}`);
  const response = await handle(request("{}", headersOf(await jwt(good, privateKey))));
  expect(await response.json()).toMatchObject({ refuted: 1 });
  expect(await client.list()).toMatchObject([{ reason: '{"code":["metric_not_found"]}' }]);
});

test("ours takes the tokens that a JWT library takes, and no others", async () => {
  const { publicKey, privateKey } = keyPair();
  const other = JSON.stringify({ webhook_type: "invoice.created" });
  const good = await jwt(other, privateKey);
  const [header = "", claims = "", signature = ""] = good.split(".");
  const claimed = Buffer.from(JSON.stringify({ data: eventError({}) })).toString("base64url");
  const tokens = {
    "signed by Lago": good,
    "by another key": await jwt(other, keyPair().privateKey),
    "with another content": [header, claimed, signature].join("."),
    "with half a signature": [header, claims, signature.slice(0, 100)].join("."),
    "without a signature": new UnsecuredJWT({ data: other }).encode(),
    "with the public key as a secret": await jwt(other, Buffer.from(pemOf(publicKey)), "HS256"),
    "by another algorithm": await jwt(other, privateKey, "RS512"),
    "of four parts": `${good}.x`,
    "that are none": "a.b.c",
    "that are missing": "",
  };
  const handle = lagoWebhook({ client: refuse, publicKey: pemOf(publicKey) });
  const verdicts: Record<string, boolean> = {};
  for (const [name, token] of Object.entries(tokens)) {
    verdicts[name] = await jwtVerify(token, publicKey, { algorithms: ["RS256"] }).then(
      () => true,
      () => false,
    );
    const { status } = await handle(request("{}", headersOf(token)));
    expect(status, name).toBe(verdicts[name] ? 200 : 401);
  }
  expect(Object.values(verdicts).filter(Boolean)).toHaveLength(1);
});

test("the second of two with one id is not refuted; the first counts", async () => {
  const { publicKey, privateKey } = keyPair();
  const handle = lagoWebhook({ client: refuse, publicKey: pemOf(publicKey) });
  const body = eventError({ transaction_id: ["value_already_exist"] });
  const response = await handle(request(body, headersOf(await jwt(body, privateKey))));
  expect(await response.json()).toMatchObject({ refuted: 0, unresolved: [] });
});

test.each([
  ["no signature", {}],
  ["another key", { "x-lago-signature": "AAAA" }],
  ["a token where a key is agreed", { "x-lago-signature": "a.b.c", "x-lago-signature-algorithm": "jwt" }],
])("%s: refused", async (_, headers) => {
  const handle = lagoWebhook({ client: refuse, hmacKey: "hmac_key" });
  expect((await handle(request(eventError({ code: [] }), headers))).status).toBe(401);
});

test("a key is needed", () => {
  const none: LagoWebhookOptions = { client: refuse };
  expect(() => lagoWebhook(none)).toThrow("hmacKey: ");
});
