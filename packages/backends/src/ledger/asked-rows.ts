import type { CustomerLookup } from "@meter-lib/core";
import type { LedgerKey } from "@meter-lib/core/store";
import { HOUR_MS } from "@meter-lib/core/wire";

/** Rows of one customer and meter, which a backend is asked for together. */
export interface AskedRows {
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly meter_id: string;
  /** The start of the first hour, and the end of the last, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/**
 * Groups rows by customer and meter. Tenants without a customer are left out: none of their events was counted.
 *
 * @throws Error for two tenants of one customer: a backend's sums cannot tell them apart
 */
export const askedRows = async (
  asked: readonly LedgerKey[],
  customers: CustomerLookup,
): Promise<readonly AskedRows[]> => {
  const customerOf = await customersOf(new Set(asked.map(({ tenant_id }) => tenant_id)), customers);
  const rows = new Map<string, AskedRows>();
  for (const { tenant_id, meter_id, hour } of asked) {
    const customer_id = customerOf.get(tenant_id);
    if (customer_id === undefined) continue;
    const key = `${tenant_id} ${meter_id}`;
    const { from, to } = rows.get(key) ?? { from: hour, to: hour };
    rows.set(key, {
      tenant_id,
      customer_id,
      meter_id,
      from: Math.min(from, hour),
      to: Math.max(to, hour + HOUR_MS),
    });
  }
  return [...rows.values()];
};

const customersOf = async (
  tenants: ReadonlySet<string>,
  customers: CustomerLookup,
): Promise<ReadonlyMap<string, string>> => {
  const customerOf = new Map<string, string>();
  const tenantOf = new Map<string, string>();
  for (const tenant_id of tenants) {
    const customer_id = await customerFor(tenant_id, customers);
    if (customer_id === undefined) continue;
    const other = tenantOf.get(customer_id);
    if (other !== undefined)
      throw new Error(
        `the tenants ${other} and ${tenant_id} share the customer ${customer_id}: the backend's sums cannot be split between them`,
      );
    customerOf.set(tenant_id, customer_id);
    tenantOf.set(customer_id, tenant_id);
  }
  return customerOf;
};

/** @throws Error if the lookup fails */
export const customerFor = async (
  tenant_id: string,
  customers: CustomerLookup,
): Promise<string | undefined> => {
  const answer = await customers.lookup(tenant_id, { signal: AbortSignal.timeout(30_000) });
  if (answer.state === "found") return answer.customer_id;
  if (answer.state === "unknown") return undefined;
  throw new Error(`the customer of the tenant ${tenant_id} is not known: ${answer.reason}`);
};
