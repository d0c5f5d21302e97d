import { MeterClient, memoryTransport, staticCustomers } from "meter-lib";
import { expect, test } from "vitest";
import { scanDocument } from "./scan-document.ts";

const setUp = () => {
  const transport = memoryTransport();
  const customerLookup = staticCustomers({ tenant_123: "cust_001" });
  const client = new MeterClient({ transport, customerLookup, defaults: { device_id: "test" } });
  return { transport, client };
};

test("a document of three pages is three units", async () => {
  const { transport, client } = setUp();

  expect(await scanDocument(client, "tenant_123", ["a", "b", "c"])).toBe("metered");

  expect(transport.events).toMatchObject([
    { tenant_id: "tenant_123", customer_id: "cust_001", meter_id: "page.processed.basic", total_usage: 3 },
  ]);
});

test("a scan goes on when the backend does not answer", async () => {
  const { transport, client } = setUp();
  transport.failNext({ state: "unsure", reason: "the connection was reset" });

  expect(await scanDocument(client, "tenant_123", ["a"])).toBe("not metered");
});

test("nobody pays for an unknown tenant", async () => {
  const { transport, client } = setUp();

  expect(await scanDocument(client, "tenant_999", ["a"])).toBe("not metered");
  expect(transport.batches).toEqual([]);
});
