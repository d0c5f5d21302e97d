import { createBrowserMeter } from "@meter-lib/page";

// A service worker that records what pages tell it.
const options = new URLSearchParams(location.search);
const client = createBrowserMeter({
  relayUrl: options.get("relay") ?? "/relay",
  tenant_id: "page",
  outbox: { name: options.get("outbox") ?? "meter-lib" },
  delivery: { lingerMs: 0 },
});

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
