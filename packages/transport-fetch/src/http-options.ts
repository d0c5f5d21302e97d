import { type Dedup, describeValue, type EventIssue, MeterError } from "@meter-lib/core/transport";
import { parseBaseUrl } from "@meter-lib/core/wire";
import * as v from "valibot";
import { type HeaderSource, headerIssues } from "./http/header-source.ts";
import type { HttpSend } from "./http/http-send.ts";
import { type KyOptions, OWN_KY_OPTIONS } from "./http/ky-send.ts";

/** Options of every HTTP transport. */
export interface HttpOptions {
  /** Address of the receiver: http or https, optionally with a path; no credentials, query or fragment. */
  readonly baseUrl: string | URL;
  /** Set it if the receiver drops a second event with the same `(tenant_id, event_id)`. @default false */
  readonly dedup?: false | Dedup | undefined;
  /** Headers for every request, or a function called before each request. Headers that the dialect sets are rejected. */
  readonly headers?: HeaderSource | undefined;
  /** Called once after a 401 or 403, before the destination is blocked. */
  readonly refreshCredentials?: ((context: { readonly signal: AbortSignal }) => Promise<void>) | undefined;
  /**
   * Timeout of one request until its response has been read, in milliseconds. Node's fetch gives up connecting after 10 to 11 s: with a
   * shorter timeout, a connection that is never made leaves its events unsure. `undiciSend()` has no such limit.
   * @default 15000
   */
  readonly timeoutMs?: number | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Replaces ky: `undiciSend()` on Node, or your own. Cannot be combined with `fetch` or `ky`. */
  readonly send?: HttpSend | undefined;
  /** ky options for every request, such as hooks or, on Node, a `dispatcher` for TLS and proxies. */
  readonly ky?: KyOptions | undefined;
  /** Name shown in errors. @default the dialect and the base URL */
  readonly name?: string | undefined;
}

const isFunction = (value: unknown): boolean => typeof value === "function";
export const wholeNumber = (from: number, to: number, expected: string) =>
  v.pipe(v.number(expected), v.integer(expected), v.minValue(from, expected), v.maxValue(to, expected));

// setTimeout takes at most 31 bits.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The options as valibot entries, to build the schema of a transport with more options. */
export const httpEntries = {
  // Not `v.instance(URL)`: its type would lead from the declarations to those of Node.
  baseUrl: v.custom<string | URL>(
    (value) => typeof value === "string" || value instanceof URL,
    "text or a URL",
  ),
  dedup: v.optional(
    v.union(
      [
        v.literal(false),
        v.strictObject({
          windowMs: wholeNumber(1, Number.MAX_SAFE_INTEGER, "milliseconds"),
          domain: v.exactOptional(v.string()),
        }),
      ],
      "false or { windowMs, domain? } with windowMs in milliseconds, an integer ≥ 1",
    ),
    false,
  ),
  headers: v.optional(
    v.custom<HeaderSource>(
      (value) => typeof value === "object" || isFunction(value),
      "an object of texts, or a function that gives one",
    ),
    {},
  ),
  refreshCredentials: v.optional(
    v.custom<NonNullable<HttpOptions["refreshCredentials"]>>(isFunction, "a function"),
  ),
  timeoutMs: v.optional(
    wholeNumber(1, LONGEST_TIMER_MS, `milliseconds, an integer from 1 to ${LONGEST_TIMER_MS}`),
    15_000,
  ),
  fetch: v.optional(v.custom<typeof globalThis.fetch>(isFunction, "a function like fetch")),
  send: v.optional(v.custom<HttpSend>(isFunction, "a function that sends a request")),
  ky: v.optional(
    v.custom<KyOptions>((value) => typeof value === "object" && value !== null, "an object of ky's options"),
    {},
  ),
  name: v.optional(v.string("text")),
};

/** Validated options, with defaults, and a base URL without a trailing slash. */
export type Checked<Output> = Output & { readonly baseUrl: string };

type HttpOutput = v.InferOutput<v.StrictObjectSchema<typeof httpEntries, undefined>>;
/** The least that a schema returns: a transport that sets the headers itself, or knows its receiver, has fewer options. */
type LeastOutput = Omit<HttpOutput, "headers" | "dedup"> & Partial<Pick<HttpOutput, "headers" | "dedup">>;

/** The validated options needed to send. */
export type CheckedHttpOptions = Checked<HttpOutput>;

/**
 * Validates options and fills in defaults.
 *
 * @param schema - a strict object with `httpEntries`
 * @param issuesOf - returns issues that concern several fields
 * @throws MeterError `invalid_options` that names every invalid field
 */
export const checkHttpOptions = <Output extends LeastOutput>(
  schema: v.GenericSchema<unknown, Output>,
  options: unknown,
  issuesOf: (checked: Output) => readonly EventIssue[] = () => [],
): Checked<Output> => {
  const result = v.safeParse(schema, options);
  if (!result.success) throw MeterError.fromIssues("invalid_options", result.issues.map(toIssue));
  const checked = result.output;
  const baseUrl = parseBaseUrl(checked.baseUrl);
  const issues: EventIssue[] = [];
  if (typeof baseUrl !== "string") issues.push(baseUrl);
  issues.push(...issuesOf(checked));
  if (typeof checked.headers === "object") issues.push(...headerIssues(checked.headers));
  if (checked.send !== undefined && (checked.fetch !== undefined || Object.keys(checked.ky).length > 0)) {
    issues.push({ field: "send", given: "together with fetch or ky", expected: "one way to send" });
  }
  for (const key of OWN_KY_OPTIONS) {
    if (key in checked.ky)
      issues.push({ field: `ky.${key}`, given: "a value", expected: "nothing: the transport sets it" });
  }
  if (typeof baseUrl !== "string" || issues.length > 0)
    throw MeterError.fromIssues("invalid_options", issues);
  return { ...checked, baseUrl };
};

const SECRET_FIELDS = new Set(["apiKey", "headers", "ky"]);

const toIssue = (issue: v.BaseIssue<unknown>): EventIssue => {
  const field = v.getDotPath(issue) ?? "options";
  if (issue.type === "strict_object" && issue.expected === "never") {
    return { field, given: "a value", expected: "no option of this name" };
  }
  const expected = issue.type === "strict_object" ? expectedOfAll(issue) : issue.message;
  if (issue.input === undefined) return { field, given: "nothing", expected };
  return {
    field,
    given: SECRET_FIELDS.has(field) ? `a ${typeof issue.input}` : describeValue(issue.input),
    expected,
  };
};

/** The expected value of the options object itself, or of a missing option. */
const expectedOfAll = ({ expected }: v.BaseIssue<unknown>): string =>
  expected === "Object" ? "an object" : "a value (it has no default)";
