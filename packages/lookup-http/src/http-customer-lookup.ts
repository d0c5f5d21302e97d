import type { CustomerLookup, LookupAnswer } from "@meter-lib/core/transport";
import { hideSecrets, isHeaderText, readText } from "@meter-lib/core/wire";
import type { KyInstance } from "ky";
import {
  type CheckedLookupOptions,
  checkLookupOptions,
  type HttpCustomerLookupOptions,
} from "./http-customer-lookup-options.ts";
import { type HttpLookupAnswer, judgeLookupAnswer } from "./judge-lookup-answer.ts";
import { lookupHeaders, lookupPath, needsApiKey } from "./lookup-route.ts";

/**
 * Looks up customers over HTTP, with one request per call. Wrap it in {@link cachedLookup} to cache the answers. It does not retry
 * and does not follow redirects.
 *
 * @throws MeterError `invalid_options` that names every invalid option
 *
 * @example
 * ```ts
 * const lookup = cachedLookup(httpCustomerLookup({ baseUrl: "https://portal.example.com", apiKey }));
 * ```
 */
export const httpCustomerLookup = (options: HttpCustomerLookupOptions): CustomerLookup => {
  const checked = checkLookupOptions(options);
  const get = getter(checked);
  const credentials = credentialsOf(checked);
  return {
    lookup: async (tenant_id, { signal }) => {
      const problem = tenantProblem(tenant_id, checked.route === "portal");
      if (problem !== undefined) return { state: "failed", reason: problem };
      if (signal.aborted) return { state: "failed", reason: "aborted before the lookup", timeout: true };
      return withDeadline(signal, checked.timeoutMs, async (deadline) =>
        judgeLookupAnswer(await get(tenant_id, deadline), credentials),
      );
    },
  };
};

/** Names the credentials that are sent, never their values. */
const credentialsOf = ({ route, apiKeyName, headers }: CheckedLookupOptions): string | undefined => {
  if (needsApiKey(route)) return `the key ${apiKeyName}`;
  const names = Object.keys(headers);
  return names.length === 0 ? undefined : `the headers ${names.join(", ")}`;
};

/** Returns why a tenant id cannot be sent, or undefined. */
const tenantProblem = (tenant_id: string, inHeader: boolean): string | undefined => {
  if (tenant_id === "") return "tenant_id: expected text, got an empty one";
  // URLs resolve these as path segments, escaped or not, so the request would go to another path.
  if (tenant_id === "." || tenant_id === "..")
    return `tenant_id: "${tenant_id}" cannot stand in a URL's path`;
  if (/\p{Surrogate}/u.test(tenant_id)) return "tenant_id: half of a surrogate pair cannot stand in a URL";
  if (inHeader && !isHeaderText(tenant_id))
    return 'tenant_id: the route "portal" sends it as a header, which cannot hold this one';
  return undefined;
};

type Get = (tenant_id: string, signal: AbortSignal) => Promise<HttpLookupAnswer>;

const MAX_ANSWER_BYTES = 64 * 1024;

const getter = ({ baseUrl, route, apiKey, headers, fetch }: CheckedLookupOptions): Get => {
  let client: Promise<KyInstance> | undefined;
  const hide = hideSecrets({ ...headers, ...lookupHeaders(route, "", apiKey) });
  return async (tenant_id, signal) => {
    try {
      client ??= loadKy(fetch);
      const response = await (await client).get(baseUrl + lookupPath(route, tenant_id), {
        headers: { accept: "*/*", ...headers, ...lookupHeaders(route, tenant_id, apiKey) },
        signal,
      });
      const { text, whole } = await readText(response, MAX_ANSWER_BYTES);
      return {
        status: response.status,
        text: hide(text),
        whole,
        retryAfter: response.headers.get("retry-after"),
      };
    } catch (error) {
      throw new Error(hide(innermostMessage(error)));
    }
  };
};

/** Loaded on the first lookup: ky reads `fetch` on import, which makes Node load it and slows down startup. */
const loadKy = async (fetch: typeof globalThis.fetch | undefined): Promise<KyInstance> => {
  const { default: ky } = await import("ky");
  return ky.create({
    ...(fetch === undefined ? {} : { fetch }),
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    redirect: "manual",
  });
};

/** Runs a lookup that may ignore its signal. Settles on abort or timeout; never rejects. */
const withDeadline = async (
  signal: AbortSignal,
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<LookupAnswer>,
): Promise<LookupAnswer> => {
  const controller = new AbortController();
  const over = new Promise<LookupAnswer>((resolve) => {
    const late: LookupAnswer = { state: "failed", reason: "no answer in time", timeout: true };
    controller.signal.addEventListener("abort", () => resolve(late), { once: true });
  });
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  const failed = (error: unknown): LookupAnswer => ({
    state: "failed",
    reason: `the lookup did not answer: ${innermostMessage(error)}`,
  });
  try {
    return await Promise.race([over, run(controller.signal).catch(failed)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
};

const MAX_DEPTH = 10;

const innermostMessage = (error: unknown, depth = 0): string => {
  if (!(error instanceof Error)) return "an unknown error";
  return error.cause instanceof Error && depth < MAX_DEPTH
    ? innermostMessage(error.cause, depth + 1)
    : error.message.trim();
};
