import {
  type EventIssue,
  MAX_PAGE_BATCH_BYTES,
  MAX_PAGE_BATCH_EVENTS,
  MeterError,
  type PageEventResult,
  systemClock,
} from "@meter-lib/core";
import { credentialsOf, type Principal } from "./authenticate.ts";
import { checkOptions } from "./check-options.ts";
import { CrossOrigin } from "./cross-origin.ts";
import { directHandOff } from "./direct-hand-off.ts";
import type { HandOff } from "./hand-off.ts";
import { ingestHandOff } from "./ingest-hand-off.ts";
import { policyCheck } from "./policy.ts";
import { readBody } from "./read-body.ts";
import { Refusal } from "./refusal.ts";
import type { RelayOptions } from "./relay-options.ts";
import { answerBody, parseBatch, type ReceivedBatch } from "./relay-wire.ts";
import { type TakeBatchOptions, takeBatch } from "./take-batch.ts";
import { tokenBucket } from "./token-bucket.ts";

/** Answers one request of a page. It never rejects. */
export type Relay = (request: Request) => Promise<Response>;

const UNAVAILABLE_RETRY_MS = 5_000;
const OVERLOADED_RETRY_MS = 1_000;

/**
 * What browsers post usage to: takes tenant and device from the credentials, refuses what a browser may not say, counts an event
 * once however often a page sends it, and answers for each event only when it is safe.
 *
 * @throws MeterError `invalid_options`
 * @example In a Next.js route handler (`app/meter/route.ts`)
 * ```ts
 * const relay = createRelay({
 *   authenticate: tenantTokens({ secret }).authenticate,
 *   client,
 *   dedup: sqliteDedup({ path: "relay-dedup.db" }),
 *   origins: ["https://app.example.com"],
 *   policy: { meters: ["page.processed.basic"], maxUsage: 1_000 },
 * });
 * export const POST = relay;
 * export const OPTIONS = relay;
 * ```
 */
export const createRelay = (options: RelayOptions): Relay => {
  checkOptions(options);
  const {
    authenticate,
    dedup,
    limits: {
      maxBodyBytes = MAX_PAGE_BATCH_BYTES,
      maxEvents = MAX_PAGE_BATCH_EVENTS,
      bodyTimeoutMs = 10_000,
      maxConcurrent = 1_000,
    } = {},
    rate: {
      device: deviceRate = tokenBucket({ capacity: 1_000, perSecond: 50 }),
      tenant: tenantRate = tokenBucket({ capacity: 10_000, perSecond: 1_000 }),
    } = {},
    clockThresholdMs = 60_000,
    leaseMs = 30_000,
    handOffTimeoutMs = 10_000,
    clock = systemClock,
  } = options;
  if (handOffTimeoutMs >= leaseMs) throw MeterError.fromIssues("invalid_options", [shortLease(leaseMs)]);

  const onError = guarded(options.onError);
  const crossOrigin = new CrossOrigin({
    origins: options.origins,
    allowMissingOrigin: options.allowMissingOrigin ?? false,
    allowCredentials: options.allowCredentials ?? false,
  });
  const taking: TakeBatchOptions = {
    dedup,
    handOff: handOffOf(options, handOffTimeoutMs),
    policy: policyCheck(options.policy ?? {}),
    clock,
    clockThresholdMs,
    leaseMs,
    onError,
  };

  const admit = async (request: Request, batch: ReceivedBatch, now: number): Promise<Principal | Refusal> => {
    const principal = await authenticate(request, credentialsOf(request, batch.token));
    if (principal === undefined) return unauthenticated("unauthenticated", "the credentials are not known");
    if ("denied" in principal) return unauthenticated(principal.denied, principal.message);
    const { tenant_id, device_id } = principal;
    for (const [rate, key] of [
      [deviceRate, JSON.stringify([tenant_id, device_id])],
      [tenantRate, JSON.stringify([tenant_id])],
    ] as const) {
      const answer = rate === false ? undefined : await rate.take(key, batch.events.length, now);
      if (answer?.ok === false)
        return new Refusal(429, "rate_limited", "too many events in too short a time", answer);
    }
    return principal;
  };

  const take = async (request: Request): Promise<readonly PageEventResult[] | Refusal> => {
    const arrivedAt = clock.now();
    const text = await readBody(request, { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs, clock });
    if (text instanceof Refusal) return text;
    const batch = parseBatch(text, maxEvents);
    if (batch instanceof Refusal) return batch;
    const principal = await admit(request, batch, arrivedAt);
    return principal instanceof Refusal ? principal : takeBatch(batch, principal, arrivedAt, taking);
  };

  let underWay = 0;
  const post = async (request: Request): Promise<Response> => {
    if (underWay >= maxConcurrent) {
      const details = { retryAfterMs: OVERLOADED_RETRY_MS };
      return respond(request, new Refusal(503, "overloaded", "too many requests at once", details));
    }
    underWay++;
    try {
      return respond(request, await take(request));
    } catch (error) {
      onError(error);
      const details = { retryAfterMs: UNAVAILABLE_RETRY_MS };
      return respond(request, new Refusal(503, "unavailable", "the relay cannot take events now", details));
    } finally {
      underWay--;
    }
  };

  const respond = (request: Request, answer: readonly PageEventResult[] | Refusal): Response => {
    const refusal = answer instanceof Refusal ? answer : unavailable(answer);
    const headers = {
      ...crossOrigin.headers(request),
      ...refusal?.details.headers,
      ...(refusal?.details.retryAfterMs === undefined
        ? {}
        : { "retry-after": String(Math.max(1, Math.ceil(refusal.details.retryAfterMs / 1_000))) }),
      "content-type": "application/json",
      "cache-control": "no-store",
      // Not every runtime sets it, and a page tells by it how wrong its clock is.
      date: new Date(clock.now()).toUTCString(),
    };
    const results = answer instanceof Refusal ? [] : answer;
    return new Response(answerBody(results, refusal), { status: refusal?.status ?? 200, headers });
  };

  return async (request) => {
    const foreign = crossOrigin.refusal(request);
    if (foreign !== undefined) return respond(request, foreign);
    if (request.method === "POST") return post(request);
    if (request.method === "OPTIONS") {
      const headers = { ...crossOrigin.headers(request), ...crossOrigin.preflightHeaders() };
      return new Response(null, { status: 204, headers });
    }
    const headers = { allow: "POST, OPTIONS" };
    return respond(request, new Refusal(405, "method_not_allowed", "expected POST", { headers }));
  };
};

const handOffOf = (options: RelayOptions, timeoutMs: number): HandOff => {
  const clock = options.clock ?? systemClock;
  return options.client === undefined
    ? directHandOff({ ...options, catalog: options.catalog, ambiguity: options.ambiguity, clock, timeoutMs })
    : ingestHandOff({
        client: options.client,
        allowVolatile: options.allowVolatile ?? false,
        clock,
        timeoutMs,
      });
};

/** When nothing at all could be taken the answer says so by its status, which proxies and monitors see too. */
const unavailable = (results: readonly PageEventResult[]): Refusal | undefined => {
  let retryAfterMs = 0;
  for (const result of results) {
    if (result.state !== "retry") return undefined;
    retryAfterMs = Math.max(retryAfterMs, result.retry_after_ms ?? 0);
  }
  return new Refusal(503, "unavailable", "none of the events could be taken yet", { retryAfterMs });
};

const unauthenticated = (code: ConstructorParameters<typeof Refusal>[1], message: string): Refusal =>
  new Refusal(401, code, message, { headers: { "www-authenticate": "Bearer" } });

const shortLease = (leaseMs: number): EventIssue => ({
  field: "leaseMs",
  given: String(leaseMs),
  expected: "more than handOffTimeoutMs, else a second request could hand on what the first still does",
});

/** A hook that throws breaks nothing. */
const guarded =
  (hook: ((error: unknown) => void) | undefined) =>
  (error: unknown): void => {
    try {
      hook?.(error);
    } catch {
      // There is nobody left to tell.
    }
  };
