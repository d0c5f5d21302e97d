import type { UsageEvent } from "@meter-lib/core/transport";

export type EventIdentity = Pick<UsageEvent, "tenant_id" | "event_id">;

/** Combines tenant and event id for a backend with only one id: `tenant/event`, with the tenant percent-encoded. */
export const scopedId = ({ tenant_id, event_id }: EventIdentity): string =>
  `${encodeURIComponent(tenant_id.toWellFormed())}/${event_id}`;

/** Splits an id made by {@link scopedId}; undefined for other ids. */
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
