import type { TurnedAway } from "../../src/http/faults.ts";
import type { LoggedEvent } from "../../src/store/log-query.ts";
import type { ShownRow } from "./answer-shapes.ts";
import { durationText, numberText } from "./number-text.ts";

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
  /** Every arrival of the same event, its corrections and the event itself too; the newest first. */
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

const TAKEN = ["Acknowledged", "good", "Stored and acknowledged: the sender may forget it."] as const;

const ANSWERS: Readonly<
  Record<LoggedEvent["state"], readonly [name: string, tone: StepTone, words: string]>
> = {
  accepted: TAKEN,
  duplicate: ["Acknowledged again", "good", "Already known: acknowledged as before, not counted again."],
  conflict: ["Refused", "bad", "Its id was used for different content. The first event counts."],
  refused: ["Refused", "bad", "Not counted."],
  replaced: TAKEN,
  cancellation: TAKEN,
};

const HOUR_MS = 3_600_000;

const hourOf = ({ event_time }: LoggedEvent): number => Math.floor((event_time ?? 0) / HOUR_MS);

const amount = ({ total_usage, start_time, end_time }: LoggedEvent): string => {
  if (total_usage !== null) return numberText(total_usage);
  return start_time !== null && end_time !== null ? durationText(end_time - start_time) : "with other times";
};

/** What came of an event that was taken, where `before` is what counted until then. */
const effectOf = (taken: LoggedEvent, before: LoggedEvent | undefined): LifeStep => {
  const { id, state, received_at: at, revision, customer_id } = taken;
  const step = (name: string, tone: StepTone, words: string): LifeStep => ({
    name,
    at,
    tone,
    words,
    arrival: id,
  });
  if ((before?.revision ?? 0) > (revision ?? 0))
    return step("Not counted", "plain", "A correction with a higher revision came before.");
  if (revision === null) return step("Counted", "good", `Once, for ${customer_id ?? "–"}.`);
  if (state === "cancellation") return step("Cancelled", "warn", "No longer counts.");
  const elsewhere = before !== undefined && hourOf(before) !== hourOf(taken) ? ", in another hour" : "";
  return step("Amended", "good", `Now counts ${amount(taken)}${elsewhere}.`);
};

/** What came of each event that was taken, by its number. Of an identity the highest revision so far counts. */
const effectsOf = (arrivals: readonly LoggedEvent[]): ReadonlyMap<number, LifeStep> => {
  const effects = new Map<number, LifeStep>();
  let counting: LoggedEvent | undefined;
  for (const arrival of arrivals.toSorted((a, b) => a.id - b.id)) {
    if (ANSWERS[arrival.state] !== TAKEN) continue;
    effects.set(arrival.id, effectOf(arrival, counting));
    if ((arrival.revision ?? 0) >= (counting?.revision ?? 0)) counting = arrival;
  }
  return effects;
};

/** Of attempts that an outage turned away one after another, the first and the last are told, and how many lie between them. */
const MAX_TOLD = 3;

/** The steps of one event, or of one correction of it, from its first attempt to what came of it. */
const attemptSteps = (
  arrivals: readonly LoggedEvent[],
  turnedAway: readonly TurnedAway[],
  effects: ReadonlyMap<number, LifeStep>,
): readonly LifeStep[] => {
  const isCorrection = arrivals.some(({ corrects }) => corrects !== null);
  const [first, again] = isCorrection ? ["Correction sent", "Correction sent again"] : ["Sent", "Sent again"];
  const sent = [
    ...turnedAway.map((away) => ({ at: away.at, away, arrival: undefined })),
    ...arrivals.map((arrival) => ({ at: arrival.received_at, away: undefined, arrival })),
  ].toSorted((a, b) => a.at - b.at);
  return sent.flatMap(({ at, away, arrival }, place): readonly LifeStep[] => {
    const name = place === 0 ? first : again;
    if (away === undefined) {
      const [answer, tone, words] = ANSWERS[arrival.state];
      const attempt = `Attempt ${place + 1}, event #${arrival.id}.`;
      const effect = effects.get(arrival.id);
      return [
        { name, at, tone: "plain", words: attempt, arrival: arrival.id, leads: true },
        { name: answer, at, tone, words, arrival: arrival.id },
        ...(effect === undefined ? [] : [effect]),
      ];
    }
    const begin = sent.findLastIndex((one, before) => before < place && one.away === undefined) + 1;
    const next = sent.findIndex((one, later) => later > place && one.away === undefined);
    const end = (next === -1 ? sent.length : next) - 1;
    if (end - begin + 1 > MAX_TOLD && place > begin && place < end) {
      const between = `Sent ${end - begin - 1} more times`;
      return place === begin + 1
        ? [{ name: between, at, tone: "warn", words: "Turned away by the outage." }]
        : [];
    }
    const words = away.outcome === "reset" ? "Cut off by the outage." : "Refused with 503 by the outage.";
    return [{ name, at, tone: "warn", words }];
  });
};

/** The steps that are known, in order of their times; steps of one moment stay in the order of a life. */
export const stepsOf = ({ event, arrivals, turnedAway, rows }: KnownLife): readonly LifeStep[] => {
  const steps: LifeStep[] = [];
  const origin = arrivals.findLast(({ corrects }) => corrects === null) ?? event;
  const id = event.corrects ?? event.event_id;
  const held = rows.find(({ row }) => row.event.event_id === id);
  const recorded = held?.row.recorded_at ?? timeOfId(id);
  if (origin.event_time !== null) {
    steps.push({
      name: "Used",
      at: origin.event_time,
      tone: "plain",
      words: "This hour is billed.",
    });
  }
  if (recorded !== undefined) {
    const words = held === undefined ? "According to its id." : "In the sender's outbox.";
    steps.push({ name: "Recorded", at: recorded, tone: "plain", words });
  }
  const effects = effectsOf(arrivals);
  // Oldest first, so that an event comes before its corrections also where all of them came at once.
  for (const [event_id, group] of Map.groupBy(arrivals.toReversed(), (arrival) => arrival.event_id)) {
    const away = turnedAway.filter((one) => one.event_id === event_id);
    steps.push(...attemptSteps(group, away, effects));
  }
  for (const { outbox, row } of rows) {
    const tone = row.state === "pending" || row.state === "inflight" ? "warn" : "bad";
    const words = row.reason ?? "The sender has no response for it yet.";
    steps.push({ name: `In the outbox: ${row.state}`, at: row.ended_at, tone, words, outbox });
  }
  // Usage may be reported before it happens, or long after: what has a time stands at it.
  return steps.toSorted((a, b) => (a.at ?? Number.POSITIVE_INFINITY) - (b.at ?? Number.POSITIVE_INFINITY));
};
