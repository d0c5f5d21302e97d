/** Tenants of the writer, and the one whose customer nobody knows until the writer drains. */
export const TENANTS = ["tenant-a", "tenant-b", "tenant-c"];
export const PARKED_TENANT = "tenant-parked";

export const customersOf = (withParked: boolean): Record<string, string> =>
  Object.fromEntries(
    (withParked ? [...TENANTS, PARKED_TENANT] : TENANTS).map((tenant_id) => [
      tenant_id,
      `customer-of-${tenant_id}`,
    ]),
  );
