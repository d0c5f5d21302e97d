import type { OutgoingEvent, UsageEvent } from "../event/usage-event.ts";
import type { Outcome, SendAnswer, Transport } from "../strategies/transport.ts";

/**
 * Sends each event by the transport that `by` picks. The pick must be the same for the same event, also after a restart. Each transport has
 * its own queue, pace and breaker.
 *
 * @param transports - the transports that `by` picks from. If given, a client is refused when none of them can carry one of its meters.
 *
 * @example
 * ```ts
 * const transport = route(({ tenant_id }) => (isEuropean(tenant_id) ? europe : america), [europe, america]);
 * ```
 */
export const route = (
  by: (event: UsageEvent) => Transport,
  transports: readonly Transport[] = [],
): Transport => {
  const used = new Set(transports);
  const pick = (event: UsageEvent): Transport => {
    const transport = by(event);
    used.add(transport);
    return transport;
  };
  return {
    name: "route",
    route: pick,
    check: {
      meter: (meter) => {
        const issues = transports.map(({ check }) => check?.meter?.(meter));
        return issues.includes(undefined) ? undefined : issues[0];
      },
    },
    // The engine calls `route` and the transports itself; this serves the direct call and other compositions.
    send: async ({ events }, context): Promise<SendAnswer> => {
      const parts = new Map<Transport, OutgoingEvent[]>();
      for (const event of events) {
        const transport = pick(event);
        const part = parts.get(transport);
        if (part === undefined) parts.set(transport, [event]);
        else part.push(event);
      }
      const answers = await Promise.all(
        [...parts].map(([transport, part]) => transport.send({ events: part }, context)),
      );
      const [only] = answers;
      if (only !== undefined && answers.length === 1) return only;
      const outcomes = new Map<OutgoingEvent, Outcome>();
      [...parts.values()].forEach((part, index) => {
        const answer = answers[index];
        part.forEach((event, position) => {
          const outcome =
            answer?.fault === undefined
              ? (answer?.every ?? answer?.outcomes[position])
              : asRetry(answer.fault);
          if (outcome !== undefined) outcomes.set(event, outcome);
        });
      });
      return { outcomes: events.flatMap((event) => outcomes.get(event) ?? []) };
    },
    [Symbol.asyncDispose]: async () => {
      for (const transport of used) await transport[Symbol.asyncDispose]?.();
    },
  };
};

const asRetry = ({
  reason,
  status,
  body,
  retryAfterMs,
}: Extract<SendAnswer, { fault: object }>["fault"]): Outcome => ({
  state: "retry",
  reason,
  status,
  body,
  retryAfterMs,
});
