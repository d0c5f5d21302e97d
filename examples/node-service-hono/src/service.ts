import { Hono } from "hono";
import type { MeterClient } from "meter-lib";
import { meterRequests } from "./meter-requests.ts";
import type { serviceCatalog } from "./service-catalog.ts";

/** A service with two routes: one is metered by request, one by what it did. */
export const createService = (client: MeterClient<typeof serviceCatalog, "device_id">): Hono => {
  const app = new Hono();

  app.post("/thumbnails", meterRequests(client, "thumbnail.created"), (context) =>
    context.req.query("fail") === undefined
      ? context.json({ created: true }, 201)
      : context.json({ created: false }, 500),
  );

  app.post("/scans", async (context) => {
    const { tenant_id, pages } = await context.req.json<{ tenant_id: string; pages: number }>();
    const receipt = client.record({ tenant_id, meter_id: "page.processed.basic", total_usage: pages });
    const durable = await receipt.durable;
    // An invalid event is a typed answer, not an exception.
    if (!durable.ok && durable.reason === "refused")
      return context.json({ error: durable.error.message }, 400);
    return context.json({ scanned: pages, event_id: receipt.event_id });
  });

  return app;
};
