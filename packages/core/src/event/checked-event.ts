import type { UsageEvent } from "./usage-event.ts";

/** An event that was found right, and what only the check knows of it. */
export interface CheckedEvent {
  readonly event: UsageEvent;
  /** See `eventSize`. */
  readonly bytes: number;
  /** When it was checked, and its id made where the caller gave none. In milliseconds since the epoch. */
  readonly checkedAt: number;
  /** Whether the caller gave the id: only then it may have been recorded before. */
  readonly idGiven: boolean;
  /** Whether the caller gave the time: only then it tells two events apart. */
  readonly timeGiven: boolean;
}
