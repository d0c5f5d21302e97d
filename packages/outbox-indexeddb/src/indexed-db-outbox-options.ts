import { describeValue, type EventIssue, MeterError, type OutboxLimits } from "@meter-lib/core";

export interface IndexedDbOutboxOptions {
  /** The database's name: pages of one origin that use the same name share an outbox. @default "meter-lib" */
  readonly name?: string;
  /** How much may be pending. @default 10,000 events, 8 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /** How long, in milliseconds, and how many identities of ended events are remembered, to know a repeat. @default 24 hours, 10,000 */
  readonly tombstones?: { readonly windowMs?: number; readonly max?: number };
  /** How long opening may take, in milliseconds; then the outbox counts as not working. @default 5,000 */
  readonly openTimeoutMs?: number;
  /**
   * Only where the browser has no Web Locks: a page that gave no sign of life for so long, in milliseconds, counts as dead.
   * Browsers wake hidden pages once a minute.
   * @default 90,000
   */
  readonly leaseMs?: number;
}

/** The options with their defaults. */
export interface StoreOptions {
  readonly name: string;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly tombstoneWindowMs: number;
  readonly maxTombstones: number;
  readonly openTimeoutMs: number;
  readonly leaseMs: number;
}

const DAY_MS = 86_400_000;

/** Fills in the defaults; throws `invalid_options` for what makes no sense. */
export const storeOptions = ({
  name = "meter-lib",
  limits: { maxEvents = 10_000, maxBytes = 8 * 1024 * 1024 } = {},
  tombstones: { windowMs = DAY_MS, max = 10_000 } = {},
  openTimeoutMs = 5_000,
  leaseMs = 90_000,
}: IndexedDbOutboxOptions): StoreOptions => {
  const issues: EventIssue[] = [];
  const expectCount = (field: string, value: unknown, min: number): void => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return;
    issues.push({ field, given: describeValue(value), expected: `an integer ≥ ${min}` });
  };
  if (typeof name !== "string" || name === "") {
    issues.push({ field: "name", given: describeValue(name), expected: "the name of a database" });
  }
  expectCount("limits.maxEvents", maxEvents, 1);
  expectCount("limits.maxBytes", maxBytes, 1);
  expectCount("tombstones.windowMs", windowMs, 0);
  expectCount("tombstones.max", max, 0);
  expectCount("openTimeoutMs", openTimeoutMs, 1);
  expectCount("leaseMs", leaseMs, 1);
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return {
    name,
    maxEvents,
    maxBytes,
    tombstoneWindowMs: windowMs,
    maxTombstones: max,
    openTimeoutMs,
    leaseMs,
  };
};
