import type { Outcome, SendAnswer } from "@meter-lib/core/transport";
import { answerJson, type HttpAnswer, judgeStatus } from "@meter-lib/transport-fetch/dialect";

/**
 * Judges the response to a batch. Lago accepts a batch whole or not at all: a 422 names invalid events by index and stores none of the
 * others, which may be sent again at once. A known id is one of these faults, and counts as an acknowledgement here.
 */
export const judgeLagoAnswer = (answer: HttpAnswer, events: number, now: number): SendAnswer => {
  const json = answerJson(answer);
  if (answer.status === 200 && isObject(json) && Array.isArray(json.events) && json.events.length === events)
    return { every: { state: "acknowledged", ...(events === 1 ? { response: json.events[0] } : {}) } };
  if (answer.status === 422 && isObject(json)) {
    const faults = faultsOf(json.error_details, events);
    if (faults !== undefined)
      return { outcomes: Array.from({ length: events }, (_, index) => outcomeOf(faults.get(index))) };
  }
  const verdict = judgeStatus(answer, now);
  return "kind" in verdict ? { fault: verdict } : { every: verdict };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong, by index; undefined if the response is about something else. */
const faultsOf = (details: unknown, events: number): ReadonlyMap<number, unknown> | undefined => {
  if (!isObject(details)) return undefined;
  const faults = new Map(Object.entries(details).map(([key, fault]) => [Number(key), fault]));
  const isOfBatch = [...faults.keys()].every((index) => Number.isInteger(index) && index < events);
  return faults.size > 0 && isOfBatch ? faults : undefined;
};

const NOT_STORED: Outcome = {
  state: "retry",
  reason: "Lago refused the whole batch because of other events",
  status: 422,
  retryAfterMs: 0,
};

const outcomeOf = (fault: unknown): Outcome => {
  if (fault === undefined) return NOT_STORED;
  if (tellsADuplicate(fault)) return { state: "acknowledged", duplicate: true };
  const reason = `Lago (HTTP 422): ${JSON.stringify(fault).slice(0, 300)}`;
  return { state: "rejected", reason, status: 422, body: fault };
};

// Of the unique index over subscription and transaction id, in app/services/events/create_batch_service.rb.
const tellsADuplicate = (fault: unknown): boolean =>
  isObject(fault) &&
  Object.keys(fault).length === 1 &&
  Array.isArray(fault.transaction_id) &&
  fault.transaction_id.includes("value_already_exist");
