// Wherever fetch, Request and Web Crypto are: a client posts, a relay takes a page's batch.
import { MeterClient, memoryTransport } from "@meter-lib/core";
import { createRelay, memoryDedup, tenantTokens } from "@meter-lib/relay";
import { fetchTransport } from "@meter-lib/transport-fetch";

const ORIGIN = "https://app.example.com";
const customerLookup = { lookup: async () => ({ state: "found", customer_id: "cust_001" }) };

const expectEqual = (what, given, expected) => {
  if (JSON.stringify(given) !== JSON.stringify(expected))
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(given)}`);
};

const posts = async () => {
  const requests = [];
  const client = new MeterClient({
    transport: fetchTransport({
      baseUrl: "https://meter.example.com",
      fetch: async (input, init) => {
        const request = new Request(input, init);
        requests.push([request.method, new URL(request.url).pathname, await request.json()]);
        return Response.json({ status: "accepted" });
      },
    }),
    customerLookup,
  });
  const answer = await client.post({
    tenant_id: "tenant_123",
    device_id: "edge",
    meter_id: "page.processed.basic",
    total_usage: 24,
  });
  if (!answer.ok) throw answer.error;
  const [[method, path, body]] = requests;
  expectEqual("the request", [requests.length, method, path], [1, "POST", "/api/v1/events"]);
  expectEqual("its body", [body.meter_id, body.total_usage], ["page.processed.basic", 24]);
  await client.close();
};

const relays = async () => {
  const transport = memoryTransport();
  const tokens = tenantTokens({ secret: "a secret of thirty-two characters and more" });
  const relay = createRelay({
    authenticate: tokens.authenticate,
    origins: [ORIGIN],
    dedup: memoryDedup(),
    transport,
    customerLookup,
  });
  const token = await tokens.issue({ tenant_id: "tenant_123", device_id: "web" });
  const event = { event_id: "e1", meter_id: "page.processed.basic", event_time: Date.now(), total_usage: 3 };
  const send = async () => {
    const response = await relay(
      new Request("https://app.example.com/meter", {
        method: "POST",
        headers: { origin: ORIGIN, "content-type": "text/plain;charset=UTF-8" },
        body: JSON.stringify({ sent_at: Date.now(), token, events: [event] }),
      }),
    );
    return [response.status, (await response.json()).results?.map(({ state }) => state)];
  };
  expectEqual("the relay's answer", await send(), [200, ["accepted"]]);
  expectEqual("its answer to a repeat", await send(), [200, ["duplicate"]]);
  expectEqual("what it delivered", transport.events.length, 1);
};

/** Resolves with "ok", or rejects with what is wrong. */
export const check = async () => {
  await posts();
  await relays();
  return "ok";
};
