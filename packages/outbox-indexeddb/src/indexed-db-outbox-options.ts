import {
  describeValue,
  type EventIssue,
  type LogOptions,
  MeterError,
  type OutboxLimits,
} from "@meter-lib/core/store";
import type { IndexedDbStoreOptions } from "./indexed-db-store.ts";

export interface IndexedDbOutboxOptions {
  /** The database's name: pages of one origin that use the same name share an outbox. @default "meter-lib" */
  readonly name?: string;
  /** How much may be pending. @default 10,000 events, 8 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /**
   * How long, in milliseconds, identities of ended events are remembered, to know a repeat; and how many at most.
   * @default 24 hours, 50,000
   */
  readonly tombstones?: { readonly windowMs?: number; readonly max?: number };
  /**
   * How many dead letters and quarantined events are kept together. Of more, the oldest are discarded, and counted so.
   * @default as many as `limits`
   */
  readonly letters?: Partial<OutboxLimits>;
  /**
   * After how many milliseconds dead letters and quarantined events are discarded, and the ledger's hours forgotten.
   * @default letters never, the ledger 35 days
   */
  readonly retention?: {
    readonly rejectedMs?: number;
    readonly quarantinedMs?: number;
    readonly ledgerMs?: number;
  };
  /** How long opening may take, in milliseconds; then the outbox counts as not working. @default 5,000 */
  readonly openTimeoutMs?: number;
  /**
   * Only where the browser has no Web Locks: a page that gave no sign of life for so long, in milliseconds, counts as dead.
   * Browsers wake hidden pages once a minute.
   * @default 90,000
   */
  readonly leaseMs?: number;
}

const DAY_MS = 86_400_000;

/** The options with their defaults; throws `invalid_options` for what makes no sense. */
export const outboxSettings = ({
  name = "meter-lib",
  limits: { maxEvents = 10_000, maxBytes = 8 * 1024 * 1024 } = {},
  tombstones: { windowMs = DAY_MS, max = 50_000 } = {},
  letters = {},
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
  const { maxEvents: maxLetters = maxEvents, maxBytes: maxLetterBytes = maxBytes } = letters;
  expectCount("limits.maxEvents", maxEvents, 1);
  expectCount("limits.maxBytes", maxBytes, 1);
  expectCount("tombstones.windowMs", windowMs, 0);
  expectCount("tombstones.max", max, 0);
  if (letters.maxEvents !== undefined) expectCount("letters.maxEvents", maxLetters, 0);
  if (letters.maxBytes !== undefined) expectCount("letters.maxBytes", maxLetterBytes, 0);
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
      letters: { maxEvents: maxLetters, maxBytes: maxLetterBytes, rejectedMs, quarantinedMs },
      ledgerMs,
    },
  };
};
