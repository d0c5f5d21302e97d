import type { MeterError } from "../errors/meter-error.ts";
import type { EventRecord } from "../event/event-record.ts";
import type { Backlog } from "./backlog.ts";
import type { CustomerDirectory } from "./customer-directory.ts";
import { closedRefusal, noRoom } from "./refusals.ts";
import type { Store } from "./store.ts";

export interface AdmissionOptions {
  readonly store: Store;
  readonly backlog: Backlog;
  readonly directory: CustomerDirectory;
  /** How many events may wait for room; 0: none, they are refused. */
  readonly maxWaiting: number;
  readonly admitted: (event: EventRecord) => void;
  readonly refused: (event: EventRecord, error: MeterError) => void;
}

// One tenant whose customer is not known must not fill the outbox for all.
const PARKED_SHARE = 0.25;
const BACKFILL_SHARE = 0.5;

/** Decides whether there is room for an event. An accepted event is never evicted for a later one. */
export class Admission {
  readonly #options: AdmissionOptions;
  #waiting: EventRecord[] = [];
  #closed = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  admit(event: EventRecord): void {
    const refusal = this.#refusal(event);
    if (refusal === undefined) this.#options.admitted(event);
    else if (!this.#closed && this.#waiting.length < this.#options.maxWaiting) this.#waiting.push(event);
    else this.#options.refused(event, refusal);
  }

  /** Room may have come free: lets in who waits for it, in order. */
  admitWaiting(): void {
    let next = this.#waiting[0];
    while (next !== undefined && this.#refusal(next) === undefined) {
      this.#waiting.shift();
      this.#options.admitted(next);
      next = this.#waiting[0];
    }
  }

  close(): void {
    this.#closed = true;
    for (const event of this.#waiting.splice(0)) this.#options.refused(event, closedRefusal());
  }

  #refusal(event: EventRecord): MeterError | undefined {
    if (this.#closed) return closedRefusal();
    const { store, backlog, directory } = this.#options;
    const { maxEvents, maxBytes } = store.limits;
    const { pending, buffered } = store;
    if (pending.events >= maxEvents || pending.bytes + event.bytes > maxBytes) {
      return noRoom(
        `the outbox holds ${pending.events} events (${pending.bytes} bytes) of at most ${maxEvents} (${maxBytes} bytes)`,
      );
    }
    if (backlog.isBufferFull(buffered.events, buffered.bytes))
      return noRoom(`${buffered.events} events wait to be stored`);
    if (event.lane === "backfill" && pending.events >= maxEvents * BACKFILL_SHARE) {
      return noRoom("a backfill may use half of the outbox");
    }
    if (directory.parkedEvents(event.tenant_id) >= maxEvents * PARKED_SHARE) {
      const tenant = JSON.stringify(event.tenant_id);
      return noRoom(`tenant ${tenant} has no known customer, and its events fill a quarter of the outbox`);
    }
    return undefined;
  }
}
