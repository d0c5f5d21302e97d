import type { DatabaseSync } from "node:sqlite";
import type { EventIssue } from "@meter-lib/core";
import { fieldIssue } from "../wire/field-issue.ts";
import { numberIn, textIn } from "./column.ts";
import type { Names } from "./names.ts";

/** A tenant and its customer. */
export interface Tenant {
  readonly tenant_id: string;
  readonly customer_id: string;
}

/** A tenant with one of its customers, by their numbers in `names`. */
export interface Account {
  readonly tenant: number;
  readonly customer: number;
}

export interface Accounts {
  /** Returns the current customer of a tenant. */
  customerOf(tenant_id: string): string | undefined;
  list(): readonly Tenant[];
  /** Returns a page of the tenants whose id or customer contains the text (case-insensitive), and the number of all of them. */
  search(
    text: string,
    offset: number,
    limit: number,
  ): { readonly tenants: readonly Tenant[]; readonly total: number };
  /** Assigns a customer to a tenant. Events that name the former customer are still accepted. Within a transaction. */
  put(tenant: Tenant): void;
  /** Removes a tenant: lookups no longer find it, and its events are refused. Its usage stays. Within a transaction. */
  remove(tenant_id: string): boolean;
  /** Returns the tenant and customer of an event. Without a tenant, it is the customer's first one. */
  resolve(tenant_id: string | undefined, customer_id: string): Account | EventIssue;
  /** Clears the cache after a rollback or a reset. */
  reload(): void;
}

export const createAccounts = (database: DatabaseSync, names: Names): Accounts => {
  const all = database.prepare(`
    SELECT a.tenant, a.customer, a.current, t.name AS tenant_id, c.name AS customer_id
    FROM accounts a JOIN names t ON t.id = a.tenant JOIN names c ON c.id = a.customer ORDER BY a.rowid`);
  const retire = database.prepare("UPDATE accounts SET current = 0 WHERE tenant = ?");
  const upsert = database.prepare(`
    INSERT INTO accounts (tenant, customer, current) VALUES (?, ?, 1)
    ON CONFLICT (tenant, customer) DO UPDATE SET current = 1`);
  const drop = database.prepare("DELETE FROM accounts WHERE tenant = ?");

  const current = new Map<string, string>();
  const byTenant = new Map<string, Map<string, Account>>();
  const byCustomer = new Map<string, Account>();

  const note = ({ tenant_id, customer_id }: Tenant, account: Account, isCurrent: boolean): void => {
    if (isCurrent) current.set(tenant_id, customer_id);
    const customers = byTenant.get(tenant_id) ?? new Map<string, Account>();
    byTenant.set(tenant_id, customers.set(customer_id, account));
    if (!byCustomer.has(customer_id)) byCustomer.set(customer_id, account);
  };
  const reload = (): void => {
    current.clear();
    byTenant.clear();
    byCustomer.clear();
    for (const row of all.iterate()) {
      const tenant = { tenant_id: textIn(row, "tenant_id"), customer_id: textIn(row, "customer_id") };
      const account = { tenant: numberIn(row, "tenant"), customer: numberIn(row, "customer") };
      note(tenant, account, numberIn(row, "current") === 1);
    }
  };
  reload();
  const list = (): readonly Tenant[] =>
    Array.from(current, ([tenant_id, customer_id]) => ({ tenant_id, customer_id }));

  return {
    customerOf: (tenant_id) => current.get(tenant_id),
    list,
    search: (text, offset, limit) => {
      const wanted = text.toLowerCase();
      const found = list().filter(
        ({ tenant_id, customer_id }) =>
          tenant_id.toLowerCase().includes(wanted) || customer_id.toLowerCase().includes(wanted),
      );
      return { tenants: found.slice(offset, offset + limit), total: found.length };
    },
    put: (tenant) => {
      const account = {
        tenant: names.numberOf(tenant.tenant_id),
        customer: names.numberOf(tenant.customer_id),
      };
      retire.run(account.tenant);
      upsert.run(account.tenant, account.customer);
      // Updated in place: reading all tenants again for each added one would be slow.
      note(tenant, account, true);
    },
    remove: (tenant_id) => {
      const tenant = names.find(tenant_id);
      if (tenant === undefined || drop.run(tenant).changes === 0) return false;
      reload();
      return true;
    },
    resolve: (tenant_id, customer_id) => {
      if (tenant_id === undefined) {
        return (
          byCustomer.get(customer_id) ??
          fieldIssue("customer_id", customer_id, "a customer of a known tenant")
        );
      }
      const customers = byTenant.get(tenant_id);
      if (customers === undefined) return fieldIssue("tenant_id", tenant_id, "a known tenant");
      return (
        customers.get(customer_id) ??
        fieldIssue("customer_id", customer_id, `a customer of the tenant "${tenant_id}"`)
      );
    },
    reload,
  };
};
