import { transportConformance } from "@meter-lib/testing";
import { openMeterServer } from "../test/openmeter-server.ts";
import { NOW } from "../test/outgoing-event.ts";
import { stripeServer } from "../test/stripe-server.ts";
import { openMeterTransport } from "./openmeter.ts";
import { stripeTransport } from "./stripe.ts";

/** `meter-lib/tenant/` as the tenant. */
const tenantOf = (source: string): string => decodeURIComponent(source.split("/")[1] ?? "");

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
      counted: () =>
        server.identifiers.map((identifier) => {
          const [tenant = "", id] = identifier.split("/");
          return `${decodeURIComponent(tenant)} ${id}`;
        }),
      goAway: () => server.close(),
      fallSilent: () => server.fallSilent(),
      dispose: () => server.close(),
    };
  },
});
