import {
  describeValue,
  type EventIssue,
  type LogOptions,
  MeterError,
  type OutboxLimits,
} from "@meter-lib/core/store";
import type { SqliteStoreOptions } from "./sqlite-store.ts";

export interface SqliteOutboxOptions {
  /** The file. Created with mode 0600, its folder too when it is missing. On a local disk: SQLite's WAL does not work on network shares. */
  readonly path: string;
  /** How much may be pending. @default 1,000,000 events, 256 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /**
   * How long, in milliseconds, identities of ended events are remembered, to know a repeat; and how many at most.
   * @default 24 hours, 1,000,000
   */
  readonly tombstones?: { readonly windowMs?: number; readonly max?: number };
  /**
   * How many dead letters and quarantined events are kept together. Of more, the oldest are discarded, and counted so.
   * @default 100,000 events, 64 MiB, or `limits.maxBytes` where that is less
   */
  readonly letters?: Partial<OutboxLimits>;
  /**
   * After how many milliseconds dead letters and quarantined events are discarded, the ledger's hours forgotten, and the content of
   * acknowledged events dropped. Kept for as long as the backend may still reject, it makes a late rejection a dead letter that can be
   * sent again.
   * @default letters never, the ledger 35 days, acknowledged content at once
   */
  readonly retention?: {
    readonly rejectedMs?: number;
    readonly quarantinedMs?: number;
    readonly ledgerMs?: number;
    readonly acknowledgedMs?: number;
  };
  /** How long a call waits, in milliseconds, while another process writes. @default 10,000 */
  readonly busyTimeoutMs?: number;
  /** Where SQLite works. In `main`, each commit stalls the event loop until the disk has it. @default "worker" */
  readonly thread?: "worker" | "main";
}

/** Plain data: it crosses threads. */
export interface OutboxSettings {
  readonly store: SqliteStoreOptions;
  readonly log: LogOptions;
}

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

/** The options with their defaults; throws `invalid_options` for what makes no sense. */
export const outboxSettings = ({
  path,
  limits: { maxEvents = 1_000_000, maxBytes = 256 * MIB } = {},
  tombstones: { windowMs = DAY_MS, max = 1_000_000 } = {},
  letters = {},
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
    maxEvents: letters.maxEvents ?? 100_000,
    maxBytes: letters.maxBytes ?? Math.min(64 * MIB, maxBytes),
  };
  expectCount("limits.maxEvents", maxEvents, 1);
  expectCount("limits.maxBytes", maxBytes, 1);
  expectCount("tombstones.windowMs", windowMs, 0);
  expectCount("tombstones.max", max, 0);
  expectCount("letters.maxEvents", kept.maxEvents, 0);
  if (letters.maxBytes !== undefined) expectCount("letters.maxBytes", letters.maxBytes, 0);
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
      letters: { ...kept, rejectedMs, quarantinedMs, acknowledgedMs },
      ledgerMs,
    },
  };
};
