import { type EventIssue, MeterError } from "@meter-lib/core/transport";
import { HEADER_TEXT, isHeaderText, parseBaseUrl } from "@meter-lib/core/wire";
import * as v from "valibot";
import { type LookupRoute, needsApiKey } from "./lookup-route.ts";
import { toOptionIssue } from "./option-issue.ts";

export interface HttpCustomerLookupOptions {
  /** Address of the lookup: http or https, optionally with a path; no credentials, query or fragment. */
  readonly baseUrl: string | URL;
  /** API key for the routes `portal` and `portal-key`. */
  readonly apiKey?: string | undefined;
  /** Name of the setting that holds the key, for errors such as a refused key. The key itself is never shown. @default "apiKey" */
  readonly apiKeyName?: string | undefined;
  /** The lookup that the backend offers. @default "portal" with an `apiKey`, otherwise "internal-v1" */
  readonly route?: LookupRoute | undefined;
  /** Timeout of one lookup, in milliseconds. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /** Additional headers for every lookup. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

// setTimeout takes at most 31 bits.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const TIMEOUT = `milliseconds, an integer from 1 to ${LONGEST_TIMER_MS}`;
const ROUTES = ["internal-v1", "internal", "portal-key", "portal"] as const satisfies readonly LookupRoute[];
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const headerText = v.pipe(v.string(HEADER_TEXT), v.check(isHeaderText, HEADER_TEXT));

const schema = v.strictObject({
  baseUrl: v.union([v.string(), v.instance(URL)], "text or a URL"),
  apiKey: v.optional(headerText),
  apiKeyName: v.optional(v.pipe(v.string("text"), v.nonEmpty("text")), "apiKey"),
  route: v.optional(v.picklist(ROUTES, `one of ${ROUTES.join(", ")}`)),
  timeoutMs: v.optional(
    v.pipe(
      v.number(TIMEOUT),
      v.integer(TIMEOUT),
      v.minValue(1, TIMEOUT),
      v.maxValue(LONGEST_TIMER_MS, TIMEOUT),
    ),
    10_000,
  ),
  headers: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(HEADER_NAME, "the name of an HTTP header")),
      headerText,
      "an object of texts",
    ),
    {},
  ),
  fetch: v.optional(
    v.custom<typeof globalThis.fetch>((value) => typeof value === "function", "a function like fetch"),
  ),
});

export interface CheckedLookupOptions
  extends Omit<v.InferOutput<typeof schema>, "baseUrl" | "route" | "apiKey"> {
  readonly baseUrl: string;
  readonly route: LookupRoute;
  /** Empty if the route takes no key. */
  readonly apiKey: string;
}

/**
 * Validates options and fills in defaults.
 *
 * @throws MeterError `invalid_options` that names every invalid field
 */
export const checkLookupOptions = (options: unknown): CheckedLookupOptions => {
  const result = v.safeParse(schema, options);
  if (!result.success) throw MeterError.fromIssues("invalid_options", result.issues.map(toOptionIssue));
  const { apiKey, route = apiKey === undefined ? "internal-v1" : "portal", ...rest } = result.output;
  const baseUrl = parseBaseUrl(rest.baseUrl);
  const issues: EventIssue[] = [];
  if (typeof baseUrl !== "string") issues.push(baseUrl);
  if (needsApiKey(route) && apiKey === undefined) {
    issues.push({ field: "apiKey", given: "nothing", expected: `a key, which the route "${route}" sends` });
  }
  if (!needsApiKey(route) && apiKey !== undefined) {
    issues.push({ field: "apiKey", given: "a key", expected: `nothing: the route "${route}" sends no key` });
  }
  if (typeof baseUrl !== "string" || issues.length > 0)
    throw MeterError.fromIssues("invalid_options", issues);
  // In lower case, so that our headers replace the user's instead of being appended.
  const headers = Object.fromEntries(
    Object.entries(rest.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return { ...rest, baseUrl, route, headers, apiKey: apiKey ?? "" };
};
