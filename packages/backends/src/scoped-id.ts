import type { UsageEvent } from "@meter-lib/core/transport";

export type EventIdentity = Pick<UsageEvent, "tenant_id" | "event_id">;

/** One id for tenant and event where a backend has room for one only: `tenant/event`, with the tenant percent-encoded. */
export const scopedId = ({ tenant_id, event_id }: EventIdentity): string =>
  `${encodeURIComponent(tenant_id.toWellFormed())}/${event_id}`;

/** What {@link scopedId} was made of; undefined for an id of another origin. */
export const parseScopedId = (id: string): EventIdentity | undefined => {
  const slash = id.indexOf("/");
  if (slash < 1 || slash === id.length - 1) return undefined;
  try {
    const tenant_id = decodeURIComponent(id.slice(0, slash));
    const event_id = id.slice(slash + 1);
    return scopedId({ tenant_id, event_id }) === id ? { tenant_id, event_id } : undefined;
  } catch {
    return undefined;
  }
};
