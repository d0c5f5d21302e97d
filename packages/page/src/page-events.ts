import type { MeterError } from "@meter-lib/core";
import type { PageEvent } from "@meter-lib/core/wire";

/** An event that ended other than well, and why. */
export interface DeadLetter {
  readonly event: PageEvent;
  readonly state: "rejected" | "quarantined";
  readonly reason: string;
  readonly status: number | undefined;
}

/** What a page's client tells while it works; see `meter.on()`. */
export interface PageEvents {
  acknowledged: { readonly event: PageEvent };
  /** The relay refused the event for good. */
  rejected: DeadLetter;
  /** The event may have been counted, and sending it again may count it twice. */
  quarantined: DeadLetter;
  /** The event was not recorded: what the caller gave, and what is wrong with it. */
  refused: { readonly event: unknown; readonly error: MeterError };
  /** The client was closed: the event waits in the database for the next page, or it is gone. */
  persisted: { readonly event: PageEvent };
  lost: { readonly event: PageEvent };
  /** The relay takes nothing until somebody acts; events wait. */
  blocked: { readonly reason: string; readonly status: number | undefined };
  unblocked: Record<never, never>;
  /** The database does not work, or works again: meanwhile events are kept in memory only. */
  volatile: { readonly error: unknown };
  durable: Record<never, never>;
}
