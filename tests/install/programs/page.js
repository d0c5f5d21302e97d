// In a bundle, in a page: records into IndexedDB and delivers to a relay that answers from here.
import { createBrowserMeter } from "meter-lib/browser";

const bodies = [];
const meter = createBrowserMeter({
  relayUrl: "https://relay.example.com/meter",
  tenant_id: "tenant_123",
  token: "token",
  delivery: { lingerMs: 10 },
  fetch: async (_url, { body }) => {
    const batch = JSON.parse(body);
    bodies.push(batch);
    return Response.json({
      results: batch.events.map(({ event_id }) => ({ event_id, state: "accepted" })),
    });
  },
});
const receipt = meter.record({ meter_id: "page.processed.basic", total_usage: 3 });
const durable = await receipt.durable;
const settled = await receipt.settled;
await meter.close();
const [event] = bodies.flatMap(({ events }) => events);
document.title =
  durable.ok && settled.state === "acknowledged" && event.total_usage === 3
    ? "ok"
    : JSON.stringify({ durable, settled, bodies });
