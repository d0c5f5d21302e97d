import { isName } from "../wire/field-issue.ts";

/** A tenant that a lookup asked for and that has no customer. */
export interface UnknownTenant {
  readonly tenant_id: string;
  /** How often it was asked for. */
  readonly lookups: number;
  /** First and last time it was asked for, in milliseconds since the epoch. */
  readonly first_at: number;
  readonly last_at: number;
}

export interface UnknownTenants {
  note(tenant_id: string, now: number): void;
  forget(tenant_id: string): void;
  clear(): void;
  /** Returns the tenants, most recently asked for first. */
  list(): readonly UnknownTenant[];
}

const MAX_KEPT = 500;

/** Keeps the last 500, in memory only: a client that waits for a tenant asks again, also after a restart. */
export const createUnknownTenants = (): UnknownTenants => {
  const tenants = new Map<string, UnknownTenant>();
  return {
    note: (tenant_id, now) => {
      if (!isName(tenant_id)) return;
      const before = tenants.get(tenant_id);
      // Reinserted, because the map keeps the order of the last lookups.
      tenants.delete(tenant_id);
      tenants.set(tenant_id, {
        tenant_id,
        lookups: (before?.lookups ?? 0) + 1,
        first_at: before?.first_at ?? now,
        last_at: now,
      });
      const [oldest] = tenants.keys();
      if (tenants.size > MAX_KEPT && oldest !== undefined) tenants.delete(oldest);
    },
    forget: (tenant_id) => void tenants.delete(tenant_id),
    clear: () => tenants.clear(),
    list: () => [...tenants.values()].reverse(),
  };
};
