import { type Dedup, describeValue, type EventIssue, MeterError } from "@meter-lib/core/transport";
import { parseBaseUrl } from "@meter-lib/core/wire";
import * as v from "valibot";
import { type HeaderSource, headerIssues } from "./header-source.ts";
import type { HttpSend } from "./http-send.ts";
import { type KyOptions, OWN_KY_OPTIONS } from "./ky-send.ts";

/** What every transport over HTTP can be told, whatever it speaks. */
export interface HttpOptions {
  /** Where the receiver is: http or https, with or without a path, no credentials, query or fragment. */
  readonly baseUrl: string | URL;
  /** Say so when the receiver drops a second event of the same `(tenant_id, event_id)`. @default false */
  readonly dedup?: false | Dedup | undefined;
  /** Headers for every request, or a function asked before every request. Names that the dialect sends are refused. */
  readonly headers?: HeaderSource | undefined;
  /** Called once when the receiver answers 401 or 403, before the destination is blocked. */
  readonly refreshCredentials?: ((context: { readonly signal: AbortSignal }) => Promise<void>) | undefined;
  /**
   * How long one request may take until its answer has been read, in milliseconds. With less than the 10 to 11 s that Node's fetch gives
   * a connection, one that is never made leaves its events unsure; `undiciSend()` knows at any limit.
   * @default 15000
   */
  readonly timeoutMs?: number | undefined;
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Used instead of ky: `undiciSend()` on Node, or your own. Not together with `fetch` or `ky`. */
  readonly send?: HttpSend | undefined;
  /** Options of ky for every request: hooks, and in Node a `dispatcher` for TLS and proxies. */
  readonly ky?: KyOptions | undefined;
  /** For people: shown in errors. @default the dialect and the base URL */
  readonly name?: string | undefined;
}

const isFunction = (value: unknown): boolean => typeof value === "function";
const wholeNumber = (from: number, to: number, expected: string) =>
  v.pipe(v.number(expected), v.integer(expected), v.minValue(from, expected), v.maxValue(to, expected));

// setTimeout counts in 31 bits.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The options as entries of a valibot schema, for the schema of a transport that has more. */
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

/** Options that were checked: defaults filled in, the base URL without a trailing slash. */
export type Checked<Output> = Output & { readonly baseUrl: string };

type HttpOutput = v.InferOutput<v.StrictObjectSchema<typeof httpEntries, undefined>>;
/** What a schema gives at least: a transport that makes the headers itself, or knows its receiver, has no such options. */
type LeastOutput = Omit<HttpOutput, "headers" | "dedup"> & Partial<Pick<HttpOutput, "headers" | "dedup">>;

/** What it takes to send. */
export type CheckedHttpOptions = Checked<HttpOutput>;

/**
 * Checks options, fills in the defaults. Throws a MeterError `invalid_options` that names every field at fault.
 *
 * @param schema - a strict object with `httpEntries`
 * @param issuesOf - what else is wrong, beyond the single fields
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
    return { field, given: "a value", expected: "no such option" };
  }
  const expected = issue.type === "strict_object" ? expectedOfAll(issue) : issue.message;
  if (issue.input === undefined) return { field, given: "nothing", expected };
  return {
    field,
    given: SECRET_FIELDS.has(field) ? `a ${typeof issue.input}` : describeValue(issue.input),
    expected,
  };
};

/** Of the options together, or of one that is missing. */
const expectedOfAll = ({ expected }: v.BaseIssue<unknown>): string =>
  expected === "Object" ? "an object" : "a value (it has no default)";
