import type { EventIdentity } from "@meter-lib/core/store";

/** Says what a client says when it refuses an event because its id is that of another one. */
export const conflictText = ({ tenant_id, event_id }: EventIdentity): string =>
  `event_id: ${JSON.stringify(event_id)} was recorded before for tenant ${JSON.stringify(tenant_id)} with different content`;
