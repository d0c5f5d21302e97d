import { createSandbox } from "@meter-lib/sandbox";
import { createMeterClient } from "meter-lib";
import { expect, test } from "vitest";
import { createService } from "./service.ts";
import { serviceCatalog } from "./service-catalog.ts";

const start = async () => {
  const sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" }, catalog: serviceCatalog });
  const client = createMeterClient({
    catalog: serviceCatalog,
    baseUrl: sandbox.url,
    dialect: "kafka-rest",
    defaults: { device_id: "us-east-ing1" },
  });
  return {
    app: createService(client),
    usage: async () => {
      await client.flush();
      return sandbox.usage();
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await sandbox.close();
    },
  };
};

test("each thumbnail is one unit of the tenant that asked for it", async () => {
  await using service = await start();
  const request = { method: "POST", headers: { "x-tenant-id": "tenant_123" } };

  for (let i = 0; i < 3; i++) expect((await service.app.request("/thumbnails", request)).status).toBe(201);

  expect(await service.usage()).toMatchObject([
    { customer_id: "cust_001", meter_id: "thumbnail.created", total_usage: 3, events: 3 },
  ]);
});

test("a request that failed is not billed, nor is one of nobody", async () => {
  await using service = await start();
  const headers = { "x-tenant-id": "tenant_123" };

  await service.app.request("/thumbnails?fail", { method: "POST", headers });
  await service.app.request("/thumbnails", { method: "POST" });

  expect(await service.usage()).toEqual([]);
});

test("a scan is billed by its pages", async () => {
  await using service = await start();
  const body = JSON.stringify({ tenant_id: "tenant_123", pages: 24 });

  const response = await service.app.request("/scans", { method: "POST", body });

  expect(response.status).toBe(200);
  expect(await service.usage()).toMatchObject([{ meter_id: "page.processed.basic", total_usage: 24 }]);
});

test("a usage that makes no sense is a 400 that names the field", async () => {
  await using service = await start();
  const body = JSON.stringify({ tenant_id: "tenant_123", pages: 2.5 });

  const response = await service.app.request("/scans", { method: "POST", body });

  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    error: "total_usage: expected an integer from 0 to 2^53 − 1, got 2.5",
  });
});
