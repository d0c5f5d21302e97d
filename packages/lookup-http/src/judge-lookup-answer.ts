import { describeValue, type LookupAnswer, type LookupFailed } from "@meter-lib/core/transport";

/** The HTTP response of a lookup, possibly truncated. */
export interface HttpLookupAnswer {
  readonly status: number;
  readonly text: string;
  /** False if the body was truncated. */
  readonly whole: boolean;
  readonly retryAfter: string | null;
}

const MAX_SHOWN = 4 * 1024;
const MAX_CUSTOMER_ID = 255;

/**
 * Interprets the response of a lookup: one object, or a list whose first element is used (an empty list means that the tenant has no
 * customer). Its `id` is the customer id and must be a string: numbers are not converted, because their text form can differ between
 * parsers and usage would go to the wrong account.
 *
 * @param credentials - names of the credentials that were sent, never their values; undefined if there were none
 */
export const judgeLookupAnswer = (
  answer: HttpLookupAnswer,
  credentials: string | undefined,
): LookupAnswer => {
  const { status } = answer;
  const json = parseJson(answer);
  const body =
    answer.text === ""
      ? undefined
      : answer.text.length <= MAX_SHOWN && json !== undefined
        ? json
        : answer.text.slice(0, MAX_SHOWN);
  const failed = (reason: string): LookupFailed => ({
    state: "failed",
    reason,
    status: status === 0 ? undefined : status,
    body,
  });

  if (status === 0 || (status >= 300 && status < 400))
    return failed("redirects are not followed: the lookup answered with one");
  // Only the lookup itself answers 404 with a JSON object; a 404 page from a proxy or a wrong path says nothing about the tenant.
  if (status === 404 && isObject(json)) return { state: "unknown", reason: "the lookup answered 404" };
  if (status === 404) return failed("HTTP 404 without JSON: is the base URL right?");
  if (status === 401 || status === 403) {
    const why = credentials === undefined ? "it wants a key, and none is set" : `it refuses ${credentials}`;
    return { ...failed(`the lookup answered HTTP ${status}: ${why}`), credentials: true };
  }
  if (status < 200 || status >= 300) {
    const retryAfterMs = secondsOf(answer.retryAfter);
    return {
      state: "failed",
      reason: `the lookup answered HTTP ${status}`,
      status,
      body,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
  if (json === undefined) return failed("the lookup's answer is not JSON");
  if (Array.isArray(json) && json.length === 0)
    return { state: "unknown", reason: "the tenant has no customer" };
  const customer: unknown = Array.isArray(json) ? json[0] : json;
  if (!isObject(customer)) return failed("the lookup's answer is neither an object nor a list of objects");
  const { id } = customer;
  if (typeof id !== "string")
    return failed(`id: expected text, got ${id === undefined ? "nothing" : describeValue(id)}`);
  if (id.trim() === "" || id.length > MAX_CUSTOMER_ID)
    return failed(`id: expected 1 to ${MAX_CUSTOMER_ID} characters, got ${describeValue(id)}`);
  return { state: "found", customer_id: id };
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const parseJson = ({ text, whole }: HttpLookupAnswer): unknown => {
  if (!whole) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const secondsOf = (retryAfter: string | null): number | undefined =>
  retryAfter !== null && /^\d{1,9}$/.test(retryAfter.trim()) ? Number(retryAfter) * 1000 : undefined;
