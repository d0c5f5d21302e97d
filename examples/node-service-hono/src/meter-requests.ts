import { createMiddleware } from "hono/factory";
import type { MeterClient, VolumeMeterId } from "meter-lib";
import type { serviceCatalog } from "./service-catalog.ts";

type Client = MeterClient<typeof serviceCatalog, "device_id">;

/**
 * Counts each request that was answered well as one unit of a meter, for the tenant that the request names. Recording does not
 * wait for the backend, and never breaks the request.
 */
export const meterRequests = (client: Client, meter_id: VolumeMeterId<typeof serviceCatalog>) =>
  createMiddleware(async (context, next) => {
    await next();
    const tenant_id = context.req.header("x-tenant-id");
    if (tenant_id === undefined || !context.res.ok) return;
    client.record({ tenant_id, meter_id, total_usage: 1 });
  });
