import type { DestinationStatus } from "../rules/destination-status.ts";

/** The state of the outbox, for people. While it is `retrying`, it stores nothing: events are kept in memory only. */
export interface OutboxStatus extends Pick<DestinationStatus, "name" | "reason" | "since" | "retryAt"> {
  readonly state: "open" | "retrying";
}
