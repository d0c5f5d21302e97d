import type { MeterError } from "../errors/meter-error.ts";
import type { EventContext } from "../event/check-event.ts";
import type { CheckedEvent } from "../event/checked-event.ts";
import type { SessionAnswer, SessionChange } from "../log/outbox/outbox-session.ts";
import type { SessionRow } from "../log/store/tables.ts";
import type { Clock } from "../strategies/clock.ts";
import type { SendResult } from "./send-result.ts";

/** What sessions need from their client. */
export interface SessionHost {
  readonly clock: Clock;
  /** Whether sessions survive the end of the process. */
  readonly durable: boolean;
  /** Whether sessions go through the outbox. */
  readonly hasOutbox: boolean;
  /** Stores a change of a session. Rejects when the outbox does not work. */
  changeSession(change: SessionChange): Promise<SessionAnswer>;
  /** Returns sessions whose owners are all dead; they now belong to this client. */
  claimSessions(): Promise<readonly SessionRow[]>;
  /** Returns the checked event, or what is wrong with it for this catalog, this dialect or this backend. */
  accept(input: unknown, context: EventContext): CheckedEvent | MeterError;
  /**
   * Records the event if there is an outbox, else posts it; both return the same result.
   * @param isFirst - whether its id was generated just now
   */
  send(input: unknown, context: EventContext, isFirst?: boolean): Promise<SendResult>;
}
