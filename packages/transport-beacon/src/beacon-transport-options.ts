import { describeValue, type EventIssue, MeterError } from "@meter-lib/core/transport";
import type { TokenSource } from "./page-token.ts";

export interface BeaconTransportOptions {
  /** Address of the relay, absolute or relative to the page. */
  readonly url: string | URL;
  /** Token that identifies the page to the relay. A function is called at once, and again when the relay refuses its token. */
  readonly token?: TokenSource;
  /** The signed-in user whose events are sent, as in `token`: the relay refuses tokens of another user. @default none */
  readonly subject?: string;
  /**
   * `text/plain` sends the token in the body and needs no CORS preflight; `application/json` sends it in the header
   * `Authorization: Bearer …`.
   * @default "text/plain"
   */
  readonly contentType?: "text/plain" | "application/json";
  /** Whether to send cookies, as in `fetch`. @default "same-origin" */
  readonly credentials?: RequestCredentials;
  /** How long the relay remembers ids, in milliseconds: older unsure events are not sent again. @default 7 days */
  readonly dedupWindowMs?: number;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Name shown in errors. @default "relay" and the URL */
  readonly name?: string;
}

/** @throws MeterError `invalid_options` that names every invalid option */
export const checkOptions = ({
  url,
  token,
  subject,
  contentType,
  dedupWindowMs,
  fetch,
}: BeaconTransportOptions): void => {
  const issues: EventIssue[] = [];
  const expect = (field: string, given: string, isRight: boolean, expected: string) => {
    if (!isRight) issues.push({ field, given, expected });
  };
  expect("url", describeValue(url), String(url ?? "") !== "", "the URL of a relay");
  // Its value is a secret, so only its type is shown.
  expect(
    "token",
    `a ${typeof token}`,
    token === undefined || typeof token === "function" || (typeof token === "string" && token !== ""),
    "text or a function",
  );
  expect(
    "subject",
    describeValue(subject),
    subject === undefined || (typeof subject === "string" && subject !== ""),
    "text that is not empty",
  );
  expect(
    "contentType",
    describeValue(contentType),
    contentType === undefined || contentType === "text/plain" || contentType === "application/json",
    '"text/plain" or "application/json"',
  );
  expect(
    "dedupWindowMs",
    describeValue(dedupWindowMs),
    dedupWindowMs === undefined || dedupWindowMs > 0,
    "milliseconds, more than 0",
  );
  expect(
    "fetch",
    describeValue(fetch),
    fetch === undefined || typeof fetch === "function",
    "a function like fetch",
  );
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};
