import { MeterClient } from "@meter-lib/core";
import { indexedDbOutbox } from "@meter-lib/outbox-indexeddb";
import { beaconTransport, deliverThroughPageLife, relayCustomers } from "@meter-lib/transport-beacon";

// A service worker that records what pages tell it.
const options = new URLSearchParams(location.search);
const client = new MeterClient({
  transport: beaconTransport({ url: options.get("relay") ?? "/relay" }),
  customerLookup: relayCustomers(),
  outbox: indexedDbOutbox({ name: options.get("outbox") ?? "meter-lib" }),
  delivery: { lingerMs: 0 },
  defaults: { tenant_id: "page", device_id: "worker" },
});
deliverThroughPageLife(client);

addEventListener("activate", (event: Event & { waitUntil?(work: Promise<unknown>): void }) => {
  const { clients } = globalThis as unknown as { clients: { claim(): Promise<void> } };
  event.waitUntil?.(clients.claim());
});
addEventListener("message", (event: MessageEvent & { waitUntil?(work: Promise<unknown>): void }) => {
  const ids: readonly string[] = event.data;
  const receipts = ids.map((event_id) =>
    client.record({ meter_id: "page.processed.basic", total_usage: 1, event_id }),
  );
  event.waitUntil?.(Promise.all(receipts.map(({ settled }) => settled)));
});
