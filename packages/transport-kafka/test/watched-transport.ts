import type { Outcome, Transport } from "@meter-lib/core/transport";

/** What a transport said about events. */
export interface Watched {
  readonly transport: Transport;
  /** Ids of the events that it declared unsure at least once. */
  readonly unsure: ReadonlySet<string>;
  /** How often it said what; a fault counts once for its batch. */
  readonly outcomes: Readonly<Record<Outcome["state"] | "fault", number>>;
  /** Why, wherever it was not acknowledged: how many events, or batches for a fault. */
  readonly reasons: ReadonlyMap<string, number>;
}

export const watchedTransport = (transport: Transport): Watched => {
  const unsure = new Set<string>();
  const outcomes = { acknowledged: 0, retry: 0, rejected: 0, unsure: 0, fault: 0 };
  const reasons = new Map<string, number>();
  const noteReason = (reason: string) => reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return {
    transport: {
      ...transport,
      async send(batch, context) {
        const answer = await transport.send(batch, context);
        if (answer.fault !== undefined) {
          outcomes.fault++;
          noteReason(`${answer.fault.kind}: ${answer.fault.reason}`);
        }
        answer.outcomes?.forEach((outcome, index) => {
          outcomes[outcome.state]++;
          if (outcome.state !== "acknowledged") noteReason(`${outcome.state}: ${outcome.reason}`);
          const event = batch.events[index];
          if (outcome.state === "unsure" && event !== undefined) unsure.add(event.event_id);
        });
        return answer;
      },
    },
    unsure,
    outcomes,
    reasons,
  };
};
