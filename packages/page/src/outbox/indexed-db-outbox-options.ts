import {
  describeValue,
  type EventIssue,
  expectInteger,
  type LogDefaults,
  type LogOptions,
  type LogOutboxOptions,
  logSettings,
  MeterError,
} from "@meter-lib/core/store";
import type { IndexedDbStoreOptions } from "./indexed-db-store.ts";

export interface IndexedDbOutboxOptions extends LogOutboxOptions {
  /** The database's name: pages of one origin with the same name share an outbox. @default "meter-lib" */
  readonly name?: string;
  /** How long opening may take, in milliseconds; after that, the outbox counts as failed. @default 5,000 */
  readonly openTimeoutMs?: number;
  /**
   * Only for browsers without Web Locks: a page without a sign of life for this long, in milliseconds, counts as dead. Browsers wake hidden
   * pages once a minute.
   * @default 90,000
   */
  readonly leaseMs?: number;
}

const DEFAULTS: LogDefaults = {
  limits: { maxEvents: 10_000, maxBytes: 8 * 1024 * 1024 },
  maxTombstones: 50_000,
};

/** Fills in defaults; throws `invalid_options` for invalid values. */
export const outboxSettings = ({
  name = "meter-lib",
  openTimeoutMs = 5_000,
  leaseMs = 90_000,
  ...shared
}: IndexedDbOutboxOptions): { readonly store: IndexedDbStoreOptions; readonly log: LogOptions } => {
  const issues: EventIssue[] = [];
  if (typeof name !== "string" || name === "") {
    issues.push({ field: "name", given: describeValue(name), expected: "the name of a database" });
  }
  const log = logSettings(shared, issues, DEFAULTS);
  expectInteger("openTimeoutMs", openTimeoutMs, 1, issues);
  expectInteger("leaseMs", leaseMs, 1, issues);
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return {
    store: { name, openTimeoutMs, leaseMs },
    log,
  };
};
