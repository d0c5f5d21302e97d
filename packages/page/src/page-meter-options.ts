import {
  type Catalog,
  type DeliveryOptions,
  type EventIssue,
  type LitewaveCatalog,
  MeterError,
  type SessionRecovery,
} from "@meter-lib/core";
import type { OutboxLimits } from "@meter-lib/core/store";
import type { BeaconTransportOptions } from "@meter-lib/transport-beacon";
import { pageIssue } from "./page-issue.ts";

export const MAX_EVENTS = 10_000;
export const MAX_BYTES = 4 * 1024 * 1024;

export interface PageMeterOptions<C extends Catalog = LitewaveCatalog>
  extends Pick<BeaconTransportOptions, "token" | "credentials" | "dedupWindowMs" | "fetch"> {
  /** Where the relay takes batches: absolute, or relative to the page. */
  readonly relayUrl: string | URL;
  /** Whom the page is signed in for: the tenant of `token`. The relay bills the token's tenant, whatever is said here. */
  readonly tenant_id: string;
  /**
   * Who is signed in, as the token's subject: what one user left in the database then never goes out under the token of another one of the
   * same tenant. A pseudonym will do; it is in the database's name.
   * @default all users of a tenant share one
   */
  readonly subject?: string;
  /** The page's place among the tenant's devices; the relay takes the token's. @default "web" */
  readonly device_id?: string;
  /** The meters that exist, the same as the relay's. @default litewaveCatalog */
  readonly catalog?: C;
  /** Longest wait for a batch to fill, 2,000, and between two attempts, 60,000, in milliseconds. */
  readonly delivery?: Pick<DeliveryOptions, "lingerMs" | "retryCapMs">;
  /** How often a session is noted as on, 15,000, and for how long a page may go on with it after that, 30,000, in milliseconds. */
  readonly sessions?: Pick<SessionRecovery, "checkpointMs" | "resumeWithinMs">;
  /** How much may wait. @default 10,000 events, 4 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /** Longest wait for one answer, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
}

/** Throws `invalid_options` where a text is missing. */
export const checkPageOptions = ({
  relayUrl,
  tenant_id,
  device_id = "web",
}: PageMeterOptions<Catalog>): void => {
  const issues: EventIssue[] = [];
  for (const [field, value] of Object.entries({ relayUrl, tenant_id, device_id })) {
    if ((typeof value !== "string" && !(value instanceof URL)) || value === "")
      issues.push(pageIssue(field, value, "text"));
  }
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};
