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
import { pageIssue } from "./event/page-issue.ts";

export const MAX_EVENTS = 10_000;
export const MAX_BYTES = 4 * 1024 * 1024;

export interface PageMeterOptions<C extends Catalog = LitewaveCatalog>
  extends Pick<BeaconTransportOptions, "token" | "credentials" | "dedupWindowMs" | "fetch"> {
  /** URL of the relay: absolute, or relative to the page. */
  readonly relayUrl: string | URL;
  /** The tenant that the user is signed in for, as in `token`. The relay refuses tokens of another tenant; events then wait. */
  readonly tenant_id: string;
  /**
   * The signed-in user, as the token's subject: events that one user left wait for that user. It is part of the database's name, and the
   * relay refuses tokens of another subject. A pseudonym is enough.
   * @default none: all pages of the tenant share a database, and the relay refuses tokens that name a user
   */
  readonly subject?: string;
  /** The page's device; the relay uses the token's. @default "web" */
  readonly device_id?: string;
  /** The meters, the same as the relay's. @default litewaveCatalog */
  readonly catalog?: C;
  /** Maximum wait for a batch to fill (2,000) and between two attempts (60,000), in milliseconds. */
  readonly delivery?: Pick<DeliveryOptions, "lingerMs" | "retryCapMs">;
  /** How often a session is checkpointed (15,000), and how long after that a page may continue it (30,000), in milliseconds. */
  readonly sessions?: Pick<SessionRecovery, "checkpointMs" | "resumeWithinMs">;
  /** Limits of pending events. @default 10,000 events, 4 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /** Timeout of one attempt, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
}

/** Throws `invalid_options` if a text is missing. */
export const checkPageOptions = ({
  relayUrl,
  tenant_id,
  subject = "none",
  device_id = "web",
}: PageMeterOptions<Catalog>): void => {
  const issues: EventIssue[] = [];
  for (const [field, value] of Object.entries({ relayUrl, tenant_id, subject, device_id })) {
    if ((typeof value !== "string" && !(value instanceof URL)) || value === "")
      issues.push(pageIssue(field, value, "text"));
  }
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};
