import type { UsageEvent } from "./usage-event.ts";

/** A valid event, with what only the check knows about it. */
export interface CheckedEvent {
  readonly event: UsageEvent;
  /** See `eventSize`. */
  readonly bytes: number;
  /** When it was checked, and when its id was created if the caller gave none. In milliseconds since the epoch. */
  readonly checkedAt: number;
  /** Whether the caller gave the id: only then may it have been recorded before. */
  readonly idGiven: boolean;
  /** Whether the caller gave the time: only then does it distinguish two events. */
  readonly timeGiven: boolean;
}
