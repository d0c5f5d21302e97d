import {
  describeValue,
  type EventIssue,
  type LogOptions,
  MeterError,
  type OutboxLimits,
} from "@meter-lib/core/store";
import type { IndexedDbStoreOptions } from "./indexed-db-store.ts";

export interface IndexedDbOutboxOptions {
  /** The database's name: pages of one origin with the same name share an outbox. @default "meter-lib" */
  readonly name?: string;
  /** Limits of pending events. @default 10,000 events, 8 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /**
   * How long identities of settled events are remembered to recognize repeats, in milliseconds, and the maximum number.
   * @default 24 hours, 50,000
   */
  readonly tombstones?: { readonly windowMs?: number; readonly max?: number };
  /**
   * Maximum number of dead letters and quarantined events together. The oldest beyond it are discarded, and counted as such.
   * @default as many as `limits`
   */
  readonly deadLetters?: Partial<OutboxLimits>;
  /**
   * After how many milliseconds dead letters and quarantined events are discarded, and hours of the ledger deleted.
   * @default dead letters never, the ledger 35 days
   */
  readonly retention?: {
    readonly rejectedMs?: number;
    readonly quarantinedMs?: number;
    readonly ledgerMs?: number;
  };
  /** How long opening may take, in milliseconds; after that, the outbox counts as failed. @default 5,000 */
  readonly openTimeoutMs?: number;
  /**
   * Only for browsers without Web Locks: a page without a sign of life for this long, in milliseconds, counts as dead. Browsers wake hidden
   * pages once a minute.
   * @default 90,000
   */
  readonly leaseMs?: number;
}

const DAY_MS = 86_400_000;

/** Fills in defaults; throws `invalid_options` for invalid values. */
export const outboxSettings = ({
  name = "meter-lib",
  limits: { maxEvents = 10_000, maxBytes = 8 * 1024 * 1024 } = {},
  tombstones: { windowMs = DAY_MS, max = 50_000 } = {},
  deadLetters = {},
  retention: { rejectedMs, quarantinedMs, ledgerMs = 35 * DAY_MS } = {},
  openTimeoutMs = 5_000,
  leaseMs = 90_000,
}: IndexedDbOutboxOptions): { readonly store: IndexedDbStoreOptions; readonly log: LogOptions } => {
  const issues: EventIssue[] = [];
  const expectCount = (field: string, value: unknown, min: number): void => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return;
    issues.push({ field, given: describeValue(value), expected: `an integer ≥ ${min}` });
  };
  if (typeof name !== "string" || name === "") {
    issues.push({ field: "name", given: describeValue(name), expected: "the name of a database" });
  }
  const { maxEvents: maxDeadLetters = maxEvents, maxBytes: maxLetterBytes = maxBytes } = deadLetters;
  expectCount("limits.maxEvents", maxEvents, 1);
  expectCount("limits.maxBytes", maxBytes, 1);
  expectCount("tombstones.windowMs", windowMs, 0);
  expectCount("tombstones.max", max, 0);
  if (deadLetters.maxEvents !== undefined) expectCount("deadLetters.maxEvents", maxDeadLetters, 0);
  if (deadLetters.maxBytes !== undefined) expectCount("deadLetters.maxBytes", maxLetterBytes, 0);
  if (rejectedMs !== undefined) expectCount("retention.rejectedMs", rejectedMs, 0);
  if (quarantinedMs !== undefined) expectCount("retention.quarantinedMs", quarantinedMs, 0);
  expectCount("retention.ledgerMs", ledgerMs, 0);
  expectCount("openTimeoutMs", openTimeoutMs, 1);
  expectCount("leaseMs", leaseMs, 1);
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return {
    store: { name, openTimeoutMs, leaseMs },
    log: {
      limits: { maxEvents, maxBytes },
      bodies: "text",
      tombstones: { windowMs, max },
      deadLetters: { maxEvents: maxDeadLetters, maxBytes: maxLetterBytes, rejectedMs, quarantinedMs },
      ledgerMs,
    },
  };
};
