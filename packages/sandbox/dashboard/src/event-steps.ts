import type { TurnedAway } from "../../src/http/faults.ts";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import type { ShownRow } from "./answer-shapes.ts";

/** What a step of an event's life means for whoever waits for its end. */
export type StepTone = "plain" | "good" | "warn" | "bad";

/** One step in the life of an event. */
export interface LifeStep {
  readonly name: string;
  readonly at: number | undefined;
  readonly tone: StepTone;
  readonly words: string;
  /** The number of the event in the log that the step is of. */
  readonly arrival?: number;
  /** Whether it leads there. */
  readonly leads?: boolean;
  /** The name of the outbox that the step is in. */
  readonly outbox?: string;
}

/** Details of an event, from both sides. */
export interface KnownLife {
  readonly event: LoggedEvent;
  /** Every arrival of the same id, the event's own too. */
  readonly arrivals: readonly LoggedEvent[];
  /** Attempts that an outage of this sandbox turned away. */
  readonly turnedAway: readonly TurnedAway[];
  /** What an outbox on this machine still holds of it. */
  readonly rows: readonly { readonly outbox: string; readonly row: ShownRow }[];
}

const UUID_7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7/i;

/** When an id was made, where it tells that (RFC 9562, version 7). */
const timeOfId = (id: string | null): number | undefined => {
  const [, high, low] = UUID_7.exec(id ?? "") ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
};

const ANSWERS: Readonly<
  Record<LoggedEvent["state"], readonly [name: string, tone: StepTone, words: string]>
> = {
  accepted: ["Acknowledged", "good", "Stored and acknowledged: the sender may forget it."],
  duplicate: ["Acknowledged again", "good", "Already known: acknowledged as before, not counted again."],
  conflict: ["Refused", "bad", "Its id was used for different content. The first event counts."],
  refused: ["Refused", "bad", "Not counted."],
  replaced: ["Acknowledged", "good", "Stored; a correction with a higher revision counts instead."],
  cancellation: ["Acknowledged", "good", "Stored: the event that it corrects no longer counts."],
};

/** The step of a correction's arrival. */
const correctionStep = ({ state, received_at, id, total_usage }: LoggedEvent): LifeStep => ({
  name: state === "cancellation" ? "Cancelled" : "Amended",
  at: received_at,
  tone: "plain",
  words: state === "cancellation" ? "No longer counts." : `Now counts ${total_usage ?? "other times"}.`,
  arrival: id,
});

/** Of attempts that an outage turned away one after another, the first and the last are told, and how many lie between them. */
const MAX_TOLD = 3;

const attempt = (number: number): string => (number === 1 ? "Sent" : "Sent again");

/** The steps that are known, in order of their times; steps of one moment stay in the order of a life. */
export const stepsOf = ({ event, arrivals, turnedAway, rows }: KnownLife): readonly LifeStep[] => {
  const steps: LifeStep[] = [];
  const recorded = rows[0]?.row.recorded_at ?? timeOfId(event.event_id);
  if (event.event_time !== null) {
    steps.push({
      name: "Used",
      at: event.event_time,
      tone: "plain",
      words: "This hour is billed.",
    });
  }
  if (recorded !== undefined) {
    const words = rows.length > 0 ? "In the sender's outbox." : "According to its id.";
    steps.push({ name: "Recorded", at: recorded, tone: "plain", words });
  }
  const sent = [
    ...turnedAway.map((away) => ({ at: away.at, away, arrival: undefined })),
    ...arrivals.map((arrival) => ({ at: arrival.received_at, away: undefined, arrival })),
  ].toSorted((a, b) => a.at - b.at);
  for (const [place, { at, away, arrival }] of sent.entries()) {
    const name = attempt(place + 1);
    if (away !== undefined) {
      const first = sent.findLastIndex((one, before) => before < place && one.away === undefined) + 1;
      const next = sent.findIndex((one, later) => later > place && one.away === undefined);
      const last = (next === -1 ? sent.length : next) - 1;
      const between = last - first - 1;
      if (last - first + 1 > MAX_TOLD && place > first && place < last) {
        if (place === first + 1)
          steps.push({
            name: `Sent ${between} more times`,
            at,
            tone: "warn",
            words: "Turned away by the outage.",
          });
        continue;
      }
      const words = away.outcome === "reset" ? "Cut off by the outage." : "Refused with 503 by the outage.";
      steps.push({ name, at, tone: "warn", words });
    } else {
      const [answer, tone, words] = ANSWERS[arrival.state];
      steps.push(
        {
          name,
          at,
          tone: "plain",
          words: `Attempt ${place + 1}, event #${arrival.id}.`,
          arrival: arrival.id,
          leads: true,
        },
        { name: answer, at, tone, words, arrival: arrival.id },
      );
      if (arrival.corrects !== null) {
        steps.push(correctionStep(arrival));
      } else if (arrival.state === "accepted") {
        const words = `Once, for ${arrival.customer_id ?? "–"}.`;
        steps.push({ name: "Counted", at, tone: "good", words, arrival: arrival.id });
      }
    }
  }
  for (const { outbox, row } of rows) {
    const tone = row.state === "pending" || row.state === "inflight" ? "warn" : "bad";
    const words = row.reason ?? "The sender has no response for it yet.";
    steps.push({ name: `In the outbox: ${row.state}`, at: row.ended_at, tone, words, outbox });
  }
  // Usage may be reported before it happens, or long after: what has a time stands at it.
  return steps.toSorted((a, b) => (a.at ?? Number.POSITIVE_INFINITY) - (b.at ?? Number.POSITIVE_INFINITY));
};
