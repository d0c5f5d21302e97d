import { describeValue, type EventIssue } from "../check/event-issue.ts";
import type { OutboxLimits } from "./outbox/outbox.ts";
import type { LogOptions } from "./transaction/log-options.ts";

/** The options that durable outboxes share. */
export interface LogOutboxOptions {
  /** Limits of pending events. @default 1,000,000 events, 256 MiB; in IndexedDB 10,000 events, 8 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /**
   * How long identities of settled events are remembered to recognize repeats, in milliseconds, and the maximum number.
   * @default 24 hours, 1,000,000; in IndexedDB 50,000
   */
  readonly tombstones?: { readonly windowMs?: number; readonly max?: number };
  /**
   * Limits of dead letters and quarantined events together. The oldest beyond them are discarded, and counted as such.
   * @default 100,000 events, 64 MiB, or `limits.maxBytes` if that is less; in IndexedDB as many as `limits`
   */
  readonly deadLetters?: Partial<OutboxLimits>;
  /**
   * After how many milliseconds dead letters and quarantined events are discarded, hours of the ledger deleted, and the content of
   * acknowledged events dropped. If the content is kept as long as the backend may still reject, a late rejection becomes a dead letter
   * that can be redriven.
   * @default dead letters never, the ledger 35 days, acknowledged content at once
   */
  readonly retention?: {
    readonly rejectedMs?: number;
    readonly quarantinedMs?: number;
    readonly ledgerMs?: number;
    readonly acknowledgedMs?: number;
  };
}

/** The defaults of one kind of outbox. */
export interface LogDefaults {
  readonly limits: OutboxLimits;
  readonly maxTombstones: number;
  /** @default as `limits` */
  readonly deadLetters?: OutboxLimits;
}

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

const ON_A_SERVER: LogDefaults = {
  limits: { maxEvents: 1_000_000, maxBytes: 256 * MIB },
  maxTombstones: 1_000_000,
  deadLetters: { maxEvents: 100_000, maxBytes: 64 * MIB },
};

/**
 * Fills in the defaults, and adds what is invalid to `issues`.
 *
 * @param defaults - those of an outbox on a server if left out
 */
export const logSettings = (
  { limits = {}, tombstones = {}, deadLetters = {}, retention = {} }: LogOutboxOptions,
  issues: EventIssue[],
  defaults: LogDefaults = ON_A_SERVER,
): LogOptions => {
  const { maxEvents = defaults.limits.maxEvents, maxBytes = defaults.limits.maxBytes } = limits;
  const { windowMs = DAY_MS, max = defaults.maxTombstones } = tombstones;
  const { rejectedMs, quarantinedMs, ledgerMs = 35 * DAY_MS, acknowledgedMs = 0 } = retention;
  const kept = {
    maxEvents: deadLetters.maxEvents ?? defaults.deadLetters?.maxEvents ?? maxEvents,
    maxBytes: deadLetters.maxBytes ?? Math.min(defaults.deadLetters?.maxBytes ?? maxBytes, maxBytes),
  };
  expectInteger("limits.maxEvents", maxEvents, 1, issues);
  expectInteger("limits.maxBytes", maxBytes, 1, issues);
  expectInteger("tombstones.windowMs", windowMs, 0, issues);
  expectInteger("tombstones.max", max, 0, issues);
  if (deadLetters.maxEvents !== undefined) expectInteger("deadLetters.maxEvents", kept.maxEvents, 0, issues);
  if (deadLetters.maxBytes !== undefined) expectInteger("deadLetters.maxBytes", kept.maxBytes, 0, issues);
  if (rejectedMs !== undefined) expectInteger("retention.rejectedMs", rejectedMs, 0, issues);
  if (quarantinedMs !== undefined) expectInteger("retention.quarantinedMs", quarantinedMs, 0, issues);
  expectInteger("retention.ledgerMs", ledgerMs, 0, issues);
  expectInteger("retention.acknowledgedMs", acknowledgedMs, 0, issues);
  return {
    limits: { maxEvents, maxBytes },
    bodies: "text",
    tombstones: { windowMs, max },
    deadLetters: { ...kept, rejectedMs, quarantinedMs, acknowledgedMs },
    ledgerMs,
  };
};

/** Adds an issue unless the value is an integer ≥ `min`. */
export const expectInteger = (field: string, value: unknown, min: number, issues: EventIssue[]): void => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return;
  issues.push({ field, given: describeValue(value), expected: `an integer ≥ ${min}` });
};
