import type { Answered, SendAnswer } from "@meter-lib/core/transport";
import { answerJson, type HttpAnswer, judgeStatus } from "@meter-lib/transport-fetch/dialect";

const TAKEN: ReadonlySet<unknown> = new Set(["billing.meter_event", "billing.meter_event_adjustment"]);

/**
 * Judges the answer to one meter event. Stripe refuses an identifier that it has (400, with the code or only with the words), so
 * that is an acknowledgement.
 */
export const judgeStripeAnswer = (answer: HttpAnswer, now: number): SendAnswer => {
  const json = answerJson(answer);
  if (answer.status === 200 && isObject(json) && TAKEN.has(json.object))
    return { outcomes: [{ state: "acknowledged", response: json }] };

  const error = isObject(json) && isObject(json.error) ? json.error : undefined;
  if (error !== undefined) {
    const details: Answered = { reason: reasonOf(answer.status, error), status: answer.status, body: json };
    if (answer.status === 400 && tellsADuplicate(error))
      return { outcomes: [{ state: "acknowledged", duplicate: true, response: json }] };
    // A customer or a meter that is gone is this event's trouble, and not the address that is wrong.
    if (answer.status === 404 && error.code === "resource_missing")
      return { outcomes: [{ state: "rejected", ...details }] };
    // One call at a time for each customer and meter: the others may go on.
    if (answer.status === 409 || (answer.status === 429 && error.code === "lock_timeout"))
      return { outcomes: [{ state: "retry", ...details }] };
  }
  const verdict = judgeStatus(answer, now);
  if (!("kind" in verdict)) return { outcomes: [verdict] };
  return {
    fault: error === undefined ? verdict : { ...verdict, reason: reasonOf(answer.status, error) },
  };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// https://docs.stripe.com/api/v2/billing/meter-event/create has the code; v1 answers without one.
const tellsADuplicate = ({ code, message }: Record<string, unknown>): boolean =>
  code === "duplicate_meter_event" ||
  (typeof message === "string" && /event already exists with identifier/i.test(message));

const MAX_SHOWN = 300;

const reasonOf = (status: number, { code, message }: Record<string, unknown>): string => {
  const words = [code, message].filter((word) => typeof word === "string" && word !== "");
  return `Stripe (HTTP ${status}): ${words.join(": ").slice(0, MAX_SHOWN)}`;
};
