import { expect, test } from "vitest";
import { staticCustomers } from "./static-customers.ts";

const context = { signal: new AbortController().signal };

test("a tenant that was given has its customer", async () => {
  expect(await staticCustomers({ t1: "cust_001" }).lookup("t1", context)).toEqual({
    state: "found",
    customer_id: "cust_001",
  });
});

test.each(["t2", "", "__proto__", "constructor", "toString", "hasOwnProperty"])(
  "%j, which was not, is unknown",
  async (tenant_id) => {
    expect(await staticCustomers({ t1: "cust_001" }).lookup(tenant_id, context)).toMatchObject({
      state: "unknown",
    });
  },
);

test("later changes to the object change nothing", async () => {
  const customers: Record<string, string> = { t1: "cust_001" };
  const lookup = staticCustomers(customers);
  customers.t1 = "cust_002";
  expect(await lookup.lookup("t1", context)).toEqual({ state: "found", customer_id: "cust_001" });
});

test("an empty customer id is refused", () => {
  expect(() => staticCustomers({ t1: "" })).toThrow("customers.t1: expected a customer id, not empty, got");
});
