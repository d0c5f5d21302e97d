import { withQuery } from "./ask.ts";

/** The path at the sandbox of one tenant, whatever its id is made of. */
export const tenantPath = (tenant_id: string): string => withQuery("sandbox/v1/tenant", { tenant_id });
