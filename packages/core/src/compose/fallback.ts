import type { OutgoingEvent } from "../event/usage-event.ts";
import type { Dedup, Outcome, SendAnswer, Transport } from "../strategies/transport.ts";

/**
 * Sends to the first transport; what it certainly did not process goes to the next. What it may have processed goes on
 * only when all transports share one dedup domain, so that nothing is counted twice.
 *
 * Events that a transport rejects for good are not offered to the next one.
 */
export const fallback = (transports: readonly [Transport, ...Transport[]]): Transport => {
  const [first] = transports;
  const dedup = sharedDedup(transports);
  return {
    name: `fallback(${transports.map(({ name }) => name).join(", ")})`,
    dedup,
    maxBatchEvents: Math.min(
      ...transports.map(({ maxBatchEvents = Number.POSITIVE_INFINITY }) => maxBatchEvents),
    ),
    maxBatchBytes: Math.min(
      ...transports.map(({ maxBatchBytes = Number.POSITIVE_INFINITY }) => maxBatchBytes),
    ),
    ...(first.maxInFlight === undefined ? {} : { maxInFlight: first.maxInFlight }),
    headers: transports.some(({ headers }) => headers === true),
    survivesPageClose: transports.every(({ survivesPageClose }) => survivesPageClose === true),
    check: (event) => firstOf(transports, (transport) => transport.check?.(event)),
    checkMeter: (meter) => firstOf(transports, (transport) => transport.checkMeter?.(meter)),
    refreshCredentials: async (context) => {
      for (const transport of transports) await transport.refreshCredentials?.(context);
    },
    send: async (batch, context) => {
      const { events } = batch;
      let answer: SendAnswer = await first.send(batch, context);
      const mayMove = (outcome: Outcome) =>
        outcome.state === "retry" || (outcome.state === "unsure" && dedup !== false);
      for (const transport of transports.slice(1)) {
        if (context.signal.aborted) return answer;
        if (answer.fault !== undefined) {
          // A batch that is too large or holds a poison event is the engine's to take apart.
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

/** The outcomes of the whole batch: the second answer's for the events that moved on, the first's for the others. */
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

/** One domain for all, or none: its window is the shortest. */
const sharedDedup = (transports: readonly Transport[]): false | Dedup => {
  const dedups = transports.flatMap(({ dedup }) => dedup || []);
  const [first] = dedups;
  if (first?.domain === undefined || dedups.length < transports.length) return false;
  if (dedups.some(({ domain }) => domain !== first.domain)) return false;
  return { domain: first.domain, windowMs: Math.min(...dedups.map(({ windowMs }) => windowMs)) };
};
