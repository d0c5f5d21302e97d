import type { Store } from "../delivery/store.ts";
import type { MeterError } from "../errors/meter-error.ts";
import type { EventContext } from "../event/check-event.ts";
import type { EventRecord } from "../event/event-record.ts";
import type { Clock } from "../strategies/clock.ts";
import type { SendResult } from "./send-result.ts";

/** What sessions need of the client that they belong to. */
export interface SessionHost {
  readonly clock: Clock;
  readonly store: Store;
  /** Whether sessions go through the outbox. */
  readonly hasOutbox: boolean;
  /** The checked event, or what is wrong with it for this catalog, this wire or this backend. */
  accept(input: unknown, context: EventContext): EventRecord | MeterError;
  /**
   * Records where there is an outbox, else posts: the same answer for both.
   * @param isFirst - its id was made for it just now
   */
  send(input: unknown, context: EventContext, isFirst?: boolean): Promise<SendResult>;
}
