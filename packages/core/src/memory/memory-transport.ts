import type { OutgoingEvent } from "../event/usage-event.ts";
import type {
  Batch,
  Corrections,
  Dedup,
  DestinationFault,
  Outcome,
  SendAnswer,
  SendContext,
  Transport,
} from "../strategies/transport.ts";

export interface MemoryTransportOptions {
  /** @default "memory" */
  readonly name?: string;
  /** The dedup that the transport declares; it then reports a second event of an identity as a duplicate. @default false */
  readonly dedup?: false | Dedup;
  /** @default 500 */
  readonly maxBatchEvents?: number;
  readonly maxBatchBytes?: number;
  readonly maxInFlight?: number;
  readonly maxEventAgeMs?: number;
  /** Which corrections are taken; `counted()` says what comes of them. @default none */
  readonly corrections?: Corrections;
  /** Decides the outcome of each event, unless something else was requested. @default acknowledged */
  readonly answer?: (event: OutgoingEvent) => Outcome;
}

/**
 * A transport for tests: the client runs its real path, and the test reads what would have been sent.
 *
 * @example
 * ```ts
 * const transport = memoryTransport();
 * const client = new MeterClient({ transport, customerLookup: staticCustomers({ tenant_123: "customer_1" }) });
 * await client.post({ tenant_id: "tenant_123", device_id: "test", meter_id: "page.processed.basic", total_usage: 24 });
 * expect(transport.events).toHaveLength(1);
 * ```
 */
export interface MemoryTransport extends Transport {
  /** Every event that arrived and was acknowledged, in order, without duplicates. */
  readonly events: readonly OutgoingEvent[];
  /** What counts of what arrived: of each identity its last revision, and nothing where that is cancelled. */
  counted(): readonly OutgoingEvent[];
  /** Every batch that arrived, whatever its outcome. */
  readonly batches: readonly Batch[];
  /** Makes the next call fail: with a fault of the destination, an outcome for each event, or a thrown error. */
  failNext(how: DestinationFault | Outcome | Error): void;
  /** Holds calls back; the returned function releases them. */
  pause(): () => void;
  /** Forgets everything that arrived and everything that was requested. */
  clear(): void;
}

const ACKNOWLEDGED: Outcome = { state: "acknowledged", response: { status: "accepted" } };
const DUPLICATE: Outcome = { state: "acknowledged", duplicate: true, response: { status: "duplicate" } };

/** Keeps what it is given, and returns the outcomes that a test asks for. */
export const memoryTransport = (options: MemoryTransportOptions = {}): MemoryTransport => {
  const { name = "memory", dedup = false, answer = () => ACKNOWLEDGED } = options;
  const { corrections, maxEventAgeMs, maxBatchEvents, maxBatchBytes, maxInFlight } = options;
  const events: OutgoingEvent[] = [];
  const batches: Batch[] = [];
  const seen = new Set<string>();
  let failures: (DestinationFault | Outcome | Error)[] = [];
  let gate: Promise<void> = Promise.resolve();

  const accept = (event: OutgoingEvent): Outcome => {
    const identity = `${event.tenant_id}\n${event.event_id}`;
    if (dedup !== false && seen.has(identity)) return DUPLICATE;
    const outcome = answer(event);
    if (outcome.state === "acknowledged") {
      seen.add(identity);
      events.push(event);
    }
    return outcome;
  };

  return {
    name,
    receiver: { dedup, corrections, maxEventAgeMs },
    limits: { maxBatchEvents, maxBatchBytes, maxInFlight },
    events,
    batches,
    counted: () => lastRevisions(events),
    failNext: (how) => {
      failures.push(how);
    },
    pause: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    clear: () => {
      events.length = 0;
      batches.length = 0;
      seen.clear();
      failures = [];
    },
    send: async (batch: Batch, { signal }: SendContext): Promise<SendAnswer> => {
      const sent = [...batch.events];
      batches.push({ events: sent });
      const failure = failures.shift();
      await Promise.race([gate, aborted(signal)]);
      if (signal.aborted) return { every: { state: "unsure", reason: "aborted in flight", timeout: true } };
      if (failure instanceof Error) throw failure;
      if (failure !== undefined) return "kind" in failure ? { fault: failure } : { every: failure };
      return { outcomes: sent.map(accept) };
    },
  };
};

const lastRevisions = (events: readonly OutgoingEvent[]): readonly OutgoingEvent[] => {
  const last = new Map<string, OutgoingEvent>();
  for (const event of events) {
    const identity = `${event.tenant_id}\n${event.correction?.event_id ?? event.event_id}`;
    const revision = last.get(identity)?.correction?.revision ?? -1;
    if ((event.correction?.revision ?? 0) > revision) last.set(identity, event);
  }
  return [...last.values()].filter(({ correction }) => correction?.kind !== "cancel");
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
