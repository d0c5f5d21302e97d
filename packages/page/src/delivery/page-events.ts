import type { MeterError } from "@meter-lib/core";
import type { DestinationHealth, PageEvent } from "@meter-lib/core/wire";

/** An event that was not acknowledged, and why. */
export interface DeadLetter {
  readonly event: PageEvent;
  readonly state: "rejected" | "quarantined";
  readonly reason: string;
  readonly status: number | undefined;
}

/** The state of delivery to the relay. */
export interface PageHealth extends DestinationHealth {
  /** Whether the relay accepts events. */
  readonly ok: boolean;
}

/** What a page's client reports while it works; see `meter.on()`. */
export interface PageEvents {
  acknowledged: { readonly event: PageEvent };
  /** The relay rejected the event permanently. */
  rejected: DeadLetter;
  /** The event may have been counted, and sending it again may count it twice. */
  quarantined: DeadLetter;
  /** The event was not recorded: the input, and what is wrong with it. */
  refused: { readonly event: unknown; readonly error: MeterError };
  /** The client was closed: the event waits in the database for the next page, or it is lost. */
  persisted: { readonly event: PageEvent };
  lost: { readonly event: PageEvent };
  /** The relay failed and is tried again. */
  retrying: PageHealth;
  /** The relay accepts nothing until somebody acts; events wait. */
  blocked: PageHealth;
  unblocked: PageHealth;
  /** The database failed, or works again; in between, events are kept in memory only. */
  volatile: { readonly error: unknown };
  durable: Record<never, never>;
}
