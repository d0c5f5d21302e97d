import { leafTransport } from "../compose/leaf-transport.ts";
import type { EventRecord } from "../event/event-record.ts";
import type { Transport } from "../strategies/transport.ts";
import type { Random } from "./backoff.ts";
import { Courier, type CourierOptions } from "./courier.ts";
import { Destination, type DestinationLimits, type DestinationStatus } from "./destination.ts";

export interface DispatcherOptions extends CourierOptions {
  readonly transport: Transport;
  readonly random: Random;
  readonly limits: Pick<DestinationLimits, "lingerMs" | "retryCapMs"> & Partial<DestinationLimits>;
  /** Outcomes are to be written and room may have come free. */
  readonly wake: () => void;
}

interface Line {
  readonly destination: Destination;
  readonly courier: Courier;
}

const DEFAULT_BATCH_EVENTS = 500;
const DEFAULT_BATCH_BYTES = 512 * 1024;
const DEFAULT_IN_FLIGHT = 4;

/** Sends what is ready, to each destination at its own pace. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #lines = new Map<Transport, Line>();
  readonly #abort = new AbortController();
  readonly #onTheWay = new Set<Promise<void>>();
  /** Sent before the outbox had them. */
  readonly #ahead = new Set<EventRecord>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  enqueue(event: EventRecord): void {
    if (!this.#ahead.has(event)) this.#lineOf(event).destination.enqueue(event, this.#options.steady);
  }

  /** Sends all batches that may leave now. `hurry`: do not wait for batches to fill. */
  dispatch(now: number, hurry: boolean): void {
    if (this.#abort.signal.aborted) return;
    for (const { destination, courier } of this.#lines.values()) {
      courier.giveUpOverdue(now);
      let batch = destination.take(now, hurry);
      while (batch !== undefined) {
        this.#launch(courier.carry(batch));
        batch = destination.take(now, hurry);
      }
    }
  }

  /**
   * Sends everything that waits, and what is not stored yet, before this call returns. Only through transports that outlive the
   * page, and only where the receiver deduplicates: what is sent without a lease may be sent again.
   * @param patient - leaves out destinations that are to be left alone for a while: the events are safe
   */
  sendNow(unstored: readonly EventRecord[], patient: boolean): void {
    if (this.#abort.signal.aborted) return;
    const now = this.#options.steady();
    const mayLeave = ({ destination }: Line): boolean =>
      isPageProof(destination.transport) &&
      destination.blockedBy === undefined &&
      !(patient && destination.isPaused(now));
    for (const event of unstored) {
      const line = this.#lineOf(event);
      if (this.#ahead.has(event) || !mayLeave(line)) continue;
      line.destination.enqueue(event, () => now);
      this.#ahead.add(event);
    }
    for (const line of this.#lines.values()) {
      if (!mayLeave(line)) continue;
      const { destination, courier } = line;
      courier.letGo();
      for (let batch = destination.takeNow(); batch !== undefined; batch = destination.takeNow()) {
        const sent = batch;
        const back = () => {
          for (const event of sent) this.#ahead.delete(event);
        };
        this.#launch(courier.carry(batch, true).then(back));
      }
    }
  }

  /** Whether the event was sent before the outbox had it, and has no outcome yet. */
  isAhead(event: EventRecord): boolean {
    return this.#ahead.has(event);
  }

  /** A claimed event that another page may have sent without a lease is in doubt since it was recorded. */
  doubt(event: EventRecord): void {
    if (isPageProof(this.#lineOf(event).destination.transport)) event.firstSentAt ??= event.recordedAt;
  }

  /** When `dispatch` may find something that it does not find now; what is due waits for something else, which will wake it. */
  wakeAt(now: number): number | undefined {
    let at: number | undefined;
    for (const { destination } of this.#lines.values()) {
      const due = destination.wakeAt();
      if (due !== undefined && due > now && (at === undefined || due < at)) at = due;
    }
    return at;
  }

  statuses(): readonly DestinationStatus[] {
    return [...this.#lines.values()].map(({ destination }) => destination.status);
  }

  /** Somebody acted: blocked and waiting destinations are tried at once. */
  unblock(): void {
    for (const { destination } of this.#lines.values()) destination.unblock();
    this.#options.wake();
  }

  /** Aborts what is on the way, waits until all of it has an outcome, and gives back what never left. */
  async close(): Promise<readonly EventRecord[]> {
    this.#abort.abort();
    await Promise.all(this.#onTheWay);
    return [...this.#lines.values()].flatMap(({ destination }) => destination.drain());
  }

  #launch(trip: Promise<void>): void {
    const landed = trip.then(() => {
      this.#onTheWay.delete(landed);
      this.#options.wake();
    });
    this.#onTheWay.add(landed);
  }

  #lineOf(event: EventRecord): Line {
    const transport = leafTransport(this.#options.transport, event);
    let line = this.#lines.get(transport);
    if (line === undefined) {
      const destination = new Destination(transport, this.#limitsOf(transport), this.#options.random);
      line = { destination, courier: new Courier(destination, this.#options, this.#abort.signal) };
      this.#lines.set(transport, line);
    }
    return line;
  }

  #limitsOf(transport: Transport): DestinationLimits {
    const { limits } = this.#options;
    const { maxBatchEvents = DEFAULT_BATCH_EVENTS, maxBatchBytes = DEFAULT_BATCH_BYTES } = transport;
    return {
      lingerMs: limits.lingerMs,
      retryCapMs: limits.retryCapMs,
      maxBatchEvents: Math.min(limits.maxBatchEvents ?? DEFAULT_BATCH_EVENTS, maxBatchEvents),
      maxBatchBytes: Math.min(limits.maxBatchBytes ?? DEFAULT_BATCH_BYTES, maxBatchBytes),
      maxInFlight: limits.maxInFlight ?? transport.maxInFlight ?? DEFAULT_IN_FLIGHT,
    };
  }
}

/** Whether a batch may be handed over while the page closes. */
const isPageProof = ({ survivesPageClose = false, dedup = false }: Transport): boolean =>
  survivesPageClose && dedup !== false;
