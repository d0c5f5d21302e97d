import { createBrowserMeter, type PageReceipt } from "@meter-lib/page";

// A worker of any kind that records what pages tell it.
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
const recordAll = (ids: readonly string[]) =>
  ids.map((event_id) => client.record({ meter_id: "page.processed.basic", total_usage: 1, event_id }));
const allDurable = async (receipts: readonly PageReceipt[]): Promise<void> => {
  for (const outcome of await Promise.all(receipts.map(({ durable }) => durable)))
    if (!outcome.ok) throw new Error(`expected a durable receipt, got ${outcome.reason}`);
};
const opened = client.stats();

addEventListener("message", (event: MessageEvent & { waitUntil?(work: Promise<unknown>): void }) => {
  const work = opened.then(() => {
    const receipts = recordAll(event.data);
    // A dedicated worker tells its page.
    if (event.waitUntil === undefined) allDurable(receipts).then(() => globalThis.postMessage("durable"));
    return Promise.all(receipts.map(({ settled }) => settled));
  });
  event.waitUntil?.(work);
});
addEventListener("connect", (event: Event & { ports?: readonly MessagePort[] }) => {
  for (const port of event.ports ?? [])
    port.onmessage = async ({ data }) => {
      await opened;
      await allDurable(recordAll(data));
      port.postMessage("durable");
    };
});
