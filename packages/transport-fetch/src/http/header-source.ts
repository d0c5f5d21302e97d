import type { EventIssue } from "@meter-lib/core/transport";
import { HEADER_TEXT, isHeaderText } from "@meter-lib/core/wire";

/** Headers for every request, or a function called before each request, for tokens that change. */
export type HeaderSource =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Headers that the dialects set, or that would change the body on the wire.
const OWNED = new Set([
  "accept",
  "content-encoding",
  "content-length",
  "content-type",
  "transfer-encoding",
  "idempotency-key",
  "x-tenant-id",
  "x-device-id",
  "x-event-time",
  "x-producer",
  "x-seq",
  "x-session-id",
]);

/** Returns what is wrong with the user's headers. Their values are left out because they may be secrets. */
export const headerIssues = (headers: unknown): readonly EventIssue[] => {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    return [
      {
        field: "headers",
        given: "something else",
        expected: "an object of texts, or a function that gives one",
      },
    ];
  }
  return Object.entries(headers).flatMap(([name, value]: [string, unknown]) => {
    const field = `headers.${name.slice(0, 60)}`;
    if (!TOKEN.test(name)) return [{ field, given: "this name", expected: "the name of an HTTP header" }];
    if (OWNED.has(name.toLowerCase()))
      return [{ field, given: "this name", expected: "a header that the transport does not send itself" }];
    if (typeof value === "string" && isHeaderText(value)) return [];
    return [
      {
        field,
        given: typeof value === "string" ? "text that does not fit" : `a ${typeof value}`,
        expected: HEADER_TEXT,
      },
    ];
  });
};
