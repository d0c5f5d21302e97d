import type { OutgoingEvent } from "../event/usage-event.ts";
import type {
  Corrections,
  Dedup,
  Outcome,
  Receiver,
  SendAnswer,
  Transport,
  TransportLimits,
} from "../strategies/transport.ts";

/**
 * Sends to the first transport, and to the next one what the first certainly did not process. What it may have processed goes on only if
 * all transports share one dedup domain, so that nothing is counted twice.
 *
 * Events that a transport rejects permanently are not offered to the next one.
 *
 * @example
 * ```ts
 * const transport = fallback([eventsApi, kafka]);
 * ```
 */
export const fallback = (transports: readonly [Transport, ...Transport[]]): Transport => {
  const [first] = transports;
  const receiver = sharedReceiver(transports);
  return {
    name: `fallback(${transports.map(({ name }) => name).join(", ")})`,
    receiver,
    limits: {
      maxBatchEvents: leastLimit(transports, "maxBatchEvents"),
      maxBatchBytes: leastLimit(transports, "maxBatchBytes"),
      maxInFlight: first.limits?.maxInFlight,
    },
    check: {
      event: (event) => firstOf(transports, ({ check }) => check?.event?.(event)),
      meter: (meter) => firstOf(transports, ({ check }) => check?.meter?.(meter)),
    },
    survivesPageClose: transports.every(({ survivesPageClose }) => survivesPageClose === true),
    refreshCredentials: async (context) => {
      for (const transport of transports) await transport.refreshCredentials?.(context);
    },
    send: async (batch, context) => {
      const { events } = batch;
      let answer: SendAnswer = await first.send(batch, context);
      const mayMove = (outcome: Outcome) =>
        outcome.state === "retry" || (outcome.state === "unsure" && receiver.dedup !== false);
      for (const transport of transports.slice(1)) {
        if (context.signal.aborted) return answer;
        if (answer.fault !== undefined) {
          // The engine splits a batch that is too large or holds a poison event.
          if (answer.fault.kind === "too_large" || answer.fault.kind === "invalid") return answer;
          answer = await transport.send(batch, context);
          continue;
        }
        const { every } = answer;
        if (every !== undefined && !mayMove(every)) return answer;
        const outcomes: readonly Outcome[] = every === undefined ? answer.outcomes : events.map(() => every);
        const moved = events.filter((_, index) => isMoved(outcomes[index], mayMove));
        if (moved.length === 0) return answer;
        answer = {
          outcomes: merge(events, outcomes, moved, await transport.send({ events: moved }, context)),
        };
      }
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      for (const transport of transports) await transport[Symbol.asyncDispose]?.();
    },
  };
};

const firstOf = <Value>(
  transports: readonly Transport[],
  find: (transport: Transport) => Value | undefined,
): Value | undefined => {
  for (const transport of transports) {
    const value = find(transport);
    if (value !== undefined) return value;
  }
  return undefined;
};

const isMoved = (outcome: Outcome | undefined, mayMove: (outcome: Outcome) => boolean): boolean =>
  outcome !== undefined && mayMove(outcome);

/** The outcomes of the whole batch: from the second transport for the events that moved on, from the first for the others. */
const merge = (
  events: readonly OutgoingEvent[],
  outcomes: readonly Outcome[],
  moved: readonly OutgoingEvent[],
  second: SendAnswer,
): readonly Outcome[] => {
  if (second.fault !== undefined) return outcomes;
  const later = new Map(moved.map((event, index) => [event, second.every ?? second.outcomes[index]]));
  return events.flatMap((event, index) => later.get(event) ?? outcomes[index] ?? []);
};

const leastLimit = (transports: readonly Transport[], limit: keyof TransportLimits): number =>
  Math.min(...transports.map(({ limits }) => limits?.[limit] ?? Number.POSITIVE_INFINITY));

/** What all receivers do: nobody knows which of them has an event. */
const sharedReceiver = (transports: readonly Transport[]): Receiver => {
  const receivers = transports.map(({ receiver = {} }) => receiver);
  return {
    dedup: sharedDedup(receivers),
    corrections: {
      cancelMs: sharedTime(receivers, "cancelMs"),
      amendMs: sharedTime(receivers, "amendMs"),
    },
    maxEventAgeMs: Math.min(
      ...receivers.map(({ maxEventAgeMs = Number.POSITIVE_INFINITY }) => maxEventAgeMs),
    ),
  };
};

const sharedTime = (receivers: readonly Receiver[], kind: keyof Corrections): number | undefined => {
  const shortest = Math.min(...receivers.map(({ corrections }) => corrections?.[kind] ?? -1));
  return shortest < 0 ? undefined : shortest;
};

/** One domain if all share it, else none; the window is the shortest. */
const sharedDedup = (receivers: readonly Receiver[]): false | Dedup => {
  const dedups = receivers.flatMap(({ dedup }) => dedup || []);
  const [first] = dedups;
  if (first?.domain === undefined || dedups.length < receivers.length) return false;
  if (dedups.some(({ domain }) => domain !== first.domain)) return false;
  return { domain: first.domain, windowMs: Math.min(...dedups.map(({ windowMs }) => windowMs)) };
};
