import { generateKeyPairSync, sign } from "node:crypto";
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
const jwt = (data: string, key: ReturnType<typeof generateKeyPairSync>["privateKey"], alg = "RS256") => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg })}.${part({ data, iss: "https://api.getlago.com" })}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
};

test("a signature may be a token; its content counts, and not the body's", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  await using client = keepingClient();
  const [id = ""] = await acknowledged(client, 1);
  const handle = lagoWebhook({ client, publicKey: pem });
  const good = eventError({ code: ["metric_not_found"] }, `tenant_123/${id}`);
  const headers = (token: string) => ({
    "x-lago-signature": token,
    "x-lago-signature-algorithm": "jwt",
  });
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  for (const token of [jwt(good, other), jwt(good, privateKey, "none"), "a.b.c", ""])
    expect((await handle(request(good, headers(token)))).status).toBe(401);
  const response = await handle(request("{}", headers(jwt(good, privateKey))));
  expect(await response.json()).toMatchObject({ refuted: 1 });
  expect(await client.list()).toMatchObject([{ reason: '{"code":["metric_not_found"]}' }]);
});

test("the second of two with one id is not refuted; the first counts", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const handle = lagoWebhook({
    client: refuse,
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  });
  const body = eventError({ transaction_id: ["value_already_exist"] });
  const response = await handle(
    request(body, {
      "x-lago-signature": jwt(body, privateKey),
      "x-lago-signature-algorithm": "jwt",
    }),
  );
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
