import type { DestinationStatus } from "./destination.ts";

/** The outbox as people see it. While it is `retrying` it takes no events: they are kept in memory only. */
export interface OutboxStatus extends Pick<DestinationStatus, "name" | "reason" | "since" | "retryAt"> {
  readonly state: "open" | "retrying";
}
