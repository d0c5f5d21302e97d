import { describeValue, type EventIssue } from "../check/event-issue.ts";

const EXPECTED =
  "an http or https URL without credentials, query or fragment, such as https://meter.example.com";

/** Returns the base URL without a trailing slash, or what is wrong with it. Never repeats a part that may hold a secret. */
export const parseBaseUrl = (given: string | URL): string | EventIssue => {
  const text = String(given);
  const issue = (shown: string): EventIssue => ({ field: "baseUrl", given: shown, expected: EXPECTED });
  if (text.includes("@")) return issue("a URL with credentials");
  if (/[?#]/.test(text)) return issue("a URL with a query or a fragment");
  // `new URL` would trim blanks and fix a missing slash silently.
  if (!/^https?:\/\/[^\s/]+[^\s]*$/i.test(text) || !URL.canParse(text)) return issue(describeValue(text));
  const { origin, pathname } = new URL(text);
  return origin + pathname.replace(/\/+$/, "");
};
