import { transportConformance } from "@meter-lib/testing";
import { autumnServer } from "../test/autumn-server.ts";
import { lagoServer } from "../test/lago-server.ts";
import { openMeterServer } from "../test/openmeter-server.ts";
import { NOW } from "../test/outgoing-event.ts";
import { stripeServer } from "../test/stripe-server.ts";
import { autumnTransport } from "./autumn.ts";
import { lagoTransport } from "./lago.ts";
import { openMeterTransport } from "./openmeter.ts";
import { parseScopedId } from "./scoped-id.ts";
import { stripeTransport } from "./stripe.ts";

/** `meter-lib/tenant/` as the tenant. */
const tenantOf = (source: string): string => decodeURIComponent(source.split("/")[1] ?? "");

/** A scoped id as `tenant event`. */
const counted = (id: string): string => {
  const { tenant_id, event_id } = parseScopedId(id) ?? { tenant_id: "?", event_id: id };
  return `${tenant_id} ${event_id}`;
};

for (const dedup of [false, { windowMs: 86_400_000 }] as const) {
  transportConformance({
    name: `openMeterTransport, dedup ${dedup !== false}`,
    create: async () => {
      const server = await openMeterServer();
      return {
        transport: openMeterTransport({ baseUrl: server.url, dedup }),
        counted: () => server.events.map(({ id, source }) => `${tenantOf(source)} ${id}`),
        goAway: () => server.close(),
        fallSilent: () => server.fallSilent(),
        dispose: () => server.close(),
      };
    },
  });
}

transportConformance({
  name: "stripeTransport",
  create: async () => {
    const server = await stripeServer({ now: () => NOW });
    return {
      transport: stripeTransport({
        apiKey: "sk_test_123",
        baseUrl: server.url,
        clock: { now: () => NOW },
      }),
      counted: () => server.identifiers.map(counted),
      goAway: () => server.close(),
      fallSilent: () => server.fallSilent(),
      dispose: () => server.close(),
    };
  },
});

transportConformance({
  name: "lagoTransport",
  create: async () => {
    const server = await lagoServer();
    return {
      transport: lagoTransport({ baseUrl: server.url, apiKey: "lago_key" }),
      counted: () => server.events.map(({ transaction_id }) => counted(transaction_id)),
      goAway: () => server.close(),
      fallSilent: () => server.fallSilent(),
      dispose: () => server.close(),
    };
  },
});

transportConformance({
  name: "autumnTransport",
  create: async () => {
    const server = await autumnServer();
    return {
      transport: autumnTransport({ baseUrl: server.url, apiKey: "am_sk_test_123" }),
      counted: () => server.keys.map(counted),
      goAway: () => server.close(),
      fallSilent: () => server.fallSilent(),
      dispose: () => server.close(),
    };
  },
});
