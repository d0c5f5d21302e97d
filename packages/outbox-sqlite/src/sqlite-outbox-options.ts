import {
  describeValue,
  type EventIssue,
  type LogOptions,
  MeterError,
  type OutboxLimits,
} from "@meter-lib/core/store";
import type { SqliteStoreOptions } from "./sqlite-store.ts";

export interface SqliteOutboxOptions {
  /**
   * The file. Created with mode 0600, and so is its missing folder. Must be on a local disk: SQLite's WAL does not work on network shares.
   */
  readonly path: string;
  /** Limits of pending events. @default 1,000,000 events, 256 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /**
   * How long identities of settled events are remembered to recognize repeats, in milliseconds, and the maximum number.
   * @default 24 hours, 1,000,000
   */
  readonly tombstones?: { readonly windowMs?: number; readonly max?: number };
  /**
   * Limits of dead letters and quarantined events together. The oldest beyond them are discarded, and counted as such.
   * @default 100,000 events, 64 MiB, or `limits.maxBytes` if that is less
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
  /** How long a call waits while another process writes, in milliseconds. @default 10,000 */
  readonly busyTimeoutMs?: number;
  /** Where SQLite runs. In `main`, each commit blocks the event loop until it is on the disk. @default "worker" */
  readonly thread?: "worker" | "main";
}

/** Plain data: it crosses threads. */
export interface OutboxSettings {
  readonly store: SqliteStoreOptions;
  readonly log: LogOptions;
}

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

/** Fills in defaults; throws `invalid_options` for invalid values. */
export const outboxSettings = ({
  path,
  limits: { maxEvents = 1_000_000, maxBytes = 256 * MIB } = {},
  tombstones: { windowMs = DAY_MS, max = 1_000_000 } = {},
  deadLetters = {},
  retention: { rejectedMs, quarantinedMs, ledgerMs = 35 * DAY_MS, acknowledgedMs = 0 } = {},
  busyTimeoutMs = 10_000,
  thread = "worker",
}: SqliteOutboxOptions): OutboxSettings => {
  const issues: EventIssue[] = [];
  const expectCount = (field: string, value: unknown, min: number): void => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return;
    issues.push({ field, given: describeValue(value), expected: `an integer ≥ ${min}` });
  };
  if (typeof path !== "string" || path === "" || path.startsWith(":") || path.startsWith("file:")) {
    issues.push({ field: "path", given: describeValue(path), expected: "the path of a file" });
  }
  const kept = {
    maxEvents: deadLetters.maxEvents ?? 100_000,
    maxBytes: deadLetters.maxBytes ?? Math.min(64 * MIB, maxBytes),
  };
  expectCount("limits.maxEvents", maxEvents, 1);
  expectCount("limits.maxBytes", maxBytes, 1);
  expectCount("tombstones.windowMs", windowMs, 0);
  expectCount("tombstones.max", max, 0);
  expectCount("deadLetters.maxEvents", kept.maxEvents, 0);
  if (deadLetters.maxBytes !== undefined) expectCount("deadLetters.maxBytes", deadLetters.maxBytes, 0);
  if (rejectedMs !== undefined) expectCount("retention.rejectedMs", rejectedMs, 0);
  if (quarantinedMs !== undefined) expectCount("retention.quarantinedMs", quarantinedMs, 0);
  expectCount("retention.ledgerMs", ledgerMs, 0);
  expectCount("retention.acknowledgedMs", acknowledgedMs, 0);
  expectCount("busyTimeoutMs", busyTimeoutMs, 0);
  if (thread !== "worker" && thread !== "main") {
    issues.push({ field: "thread", given: describeValue(thread), expected: '"worker" or "main"' });
  }
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return {
    store: { path, busyTimeoutMs },
    log: {
      limits: { maxEvents, maxBytes },
      bodies: "text",
      tombstones: { windowMs, max },
      deadLetters: { ...kept, rejectedMs, quarantinedMs, acknowledgedMs },
      ledgerMs,
    },
  };
};
