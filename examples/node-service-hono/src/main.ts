// The service on port 3000, its usage in a local backend. Ctrl-C delivers what is left.
import { serve } from "@hono/node-server";
import { createSandbox } from "@meter-lib/sandbox";
import { createMeterClient } from "meter-lib";
import { closeOnSignals } from "meter-lib/node";
import { createService } from "./service.ts";
import { serviceCatalog } from "./service-catalog.ts";

const port = Number(process.env.PORT ?? 3000);
const sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" }, catalog: serviceCatalog });
const client = createMeterClient({
  catalog: serviceCatalog,
  baseUrl: sandbox.url,
  dialect: "kafka-rest",
  dedup: { windowMs: 86_400_000 },
  defaults: { device_id: "us-east-ing1" },
});

const server = serve({ fetch: createService(client).fetch, port, hostname: "127.0.0.1" }, (address) => {
  console.log(`Service: http://127.0.0.1:${address.port}
Usage:   ${sandbox.url}/sandbox/v1/usage

  curl -X POST -H 'x-tenant-id: tenant_123' http://127.0.0.1:${address.port}/thumbnails`);
});
closeOnSignals(client, { before: () => server[Symbol.asyncDispose]() });
server.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
  void sandbox.close();
});
