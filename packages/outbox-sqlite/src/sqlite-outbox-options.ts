import {
  describeValue,
  type EventIssue,
  expectInteger,
  type LogOptions,
  type LogOutboxOptions,
  logSettings,
  MeterError,
} from "@meter-lib/core/store";
import type { SqliteStoreOptions } from "./sqlite-store.ts";

export interface SqliteOutboxOptions extends LogOutboxOptions {
  /**
   * The file. Created with mode 0600, and so is its missing folder. Must be on a local disk: SQLite's WAL does not work on network shares.
   */
  readonly path: string;
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

/** Fills in defaults; throws `invalid_options` for invalid values. */
export const outboxSettings = ({
  path,
  busyTimeoutMs = 10_000,
  thread = "worker",
  ...shared
}: SqliteOutboxOptions): OutboxSettings => {
  const issues: EventIssue[] = [];
  if (typeof path !== "string" || path === "" || path.startsWith(":") || path.startsWith("file:")) {
    issues.push({ field: "path", given: describeValue(path), expected: "the path of a file" });
  }
  const log = logSettings(shared, issues);
  expectInteger("busyTimeoutMs", busyTimeoutMs, 0, issues);
  if (thread !== "worker" && thread !== "main") {
    issues.push({ field: "thread", given: describeValue(thread), expected: '"worker" or "main"' });
  }
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return {
    store: { path, busyTimeoutMs },
    log,
  };
};
