import { describeValue, type EventIssue, MeterError, type OutboxLimits } from "@meter-lib/core";
import type { StoreOptions } from "./store-call.ts";

export interface SqliteOutboxOptions {
  /** The file. Created with mode 0600, its folder too when it is missing. On a local disk: SQLite's WAL does not work on network shares. */
  readonly path: string;
  /** How much may be pending. @default 1,000,000 events, 256 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /**
   * How long, in milliseconds, and how many identities of ended events are remembered, to know a repeat. They are forgotten by up to 2,000
   * at once, so there may be that many more.
   * @default 24 hours, 200,000
   */
  readonly tombstones?: { readonly windowMs?: number; readonly max?: number };
  /** After how many milliseconds dead letters and quarantined events are discarded. @default never */
  readonly retention?: { readonly rejectedMs?: number; readonly quarantinedMs?: number };
  /** How long a call waits, in milliseconds, while another process writes. @default 10,000 */
  readonly busyTimeoutMs?: number;
  /** Where SQLite works. In `main`, each commit stalls the event loop until the disk has it. @default "worker" */
  readonly thread?: "worker" | "main";
}

const DAY_MS = 86_400_000;

/** The options with their defaults; throws `invalid_options` for what makes no sense. */
export const storeOptions = ({
  path,
  limits: { maxEvents = 1_000_000, maxBytes = 256 * 1024 * 1024 } = {},
  tombstones: { windowMs = DAY_MS, max = 200_000 } = {},
  retention: { rejectedMs, quarantinedMs } = {},
  busyTimeoutMs = 10_000,
  thread = "worker",
}: SqliteOutboxOptions): StoreOptions => {
  const issues: EventIssue[] = [];
  const expectCount = (field: string, value: unknown, min: number): void => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return;
    issues.push({ field, given: describeValue(value), expected: `an integer ≥ ${min}` });
  };
  if (typeof path !== "string" || path === "" || path.startsWith(":") || path.startsWith("file:")) {
    issues.push({ field: "path", given: describeValue(path), expected: "the path of a file" });
  }
  expectCount("limits.maxEvents", maxEvents, 1);
  expectCount("limits.maxBytes", maxBytes, 1);
  expectCount("tombstones.windowMs", windowMs, 0);
  expectCount("tombstones.max", max, 0);
  if (rejectedMs !== undefined) expectCount("retention.rejectedMs", rejectedMs, 0);
  if (quarantinedMs !== undefined) expectCount("retention.quarantinedMs", quarantinedMs, 0);
  expectCount("busyTimeoutMs", busyTimeoutMs, 0);
  if (thread !== "worker" && thread !== "main") {
    issues.push({ field: "thread", given: describeValue(thread), expected: '"worker" or "main"' });
  }
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return {
    path,
    maxEvents,
    maxBytes,
    busyTimeoutMs,
    tombstoneWindowMs: windowMs,
    maxTombstones: max,
    rejectedMs,
    quarantinedMs,
  };
};
