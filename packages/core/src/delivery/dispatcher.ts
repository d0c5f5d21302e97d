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

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  enqueue(event: EventRecord): void {
    this.#lineOf(event).destination.enqueue(event, this.#options.steady());
  }

  /** Sends all batches that may leave now. `hurry`: do not wait for batches to fill. */
  dispatch(hurry: boolean): void {
    if (this.#abort.signal.aborted) return;
    const now = this.#options.steady();
    for (const { destination, courier } of this.#lines.values()) {
      let batch = destination.take(now, hurry);
      while (batch !== undefined) {
        this.#launch(courier.carry(batch));
        batch = destination.take(now, hurry);
      }
    }
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
    let transport = this.#options.transport;
    // Routes may lead to routes.
    while (transport.route !== undefined) transport = transport.route(event);
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
