import type { CustomerLookup } from "@meter-lib/core";
import type { LookupAnswer } from "@meter-lib/core/transport";

export interface UnknownTenant {
  readonly tenant_id: string;
  readonly answer: Exclude<LookupAnswer, { state: "found" }>;
}

const AT_ONCE = 8;

/** Finds tenants whose customer is unknown or cannot be looked up. Their rows would wait in the outbox indefinitely. */
export const findUnknownTenants = async (
  tenants: Iterable<string>,
  lookup: CustomerLookup,
  signal: AbortSignal,
): Promise<readonly UnknownTenant[]> => {
  const unknown: UnknownTenant[] = [];
  const queue = [...tenants].values();
  const worker = async (): Promise<void> => {
    // All workers share one iterator.
    for (const tenant_id of queue) {
      signal.throwIfAborted();
      const answer = await lookup.lookup(tenant_id, { signal });
      if (answer.state !== "found") unknown.push({ tenant_id, answer });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return unknown;
};
