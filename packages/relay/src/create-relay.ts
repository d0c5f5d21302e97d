import { describeIssue, describeValue, systemClock } from "@meter-lib/core/transport";
import { MAX_PAGE_BATCH_BYTES, MAX_PAGE_BATCH_EVENTS, type PageEventResult } from "@meter-lib/core/wire";
import { checkPrincipal, credentialsOf, type Principal } from "./access/authenticate.ts";
import { originCheck, PREFLIGHT_HEADERS } from "./access/cross-origin.ts";
import { policyCheck } from "./access/policy.ts";
import { checkRateAnswer } from "./access/rate-limit.ts";
import { tokenBucket } from "./access/token-bucket.ts";
import { EventsAtWork } from "./batch/events-at-work.ts";
import { judgeEvent } from "./batch/judge-event.ts";
import { type TakeBatchOptions, takeBatch } from "./batch/take-batch.ts";
import { checkOptions } from "./check-options.ts";
import { directHandOff } from "./hand-off/direct-hand-off.ts";
import type { HandOff } from "./hand-off/hand-off.ts";
import { ingestHandOff } from "./hand-off/ingest-hand-off.ts";
import type { RelayOptions } from "./relay-options.ts";
import { BodySlots } from "./request/body-slots.ts";
import { containOnError } from "./request/contain.ts";
import { Deadline, LATE } from "./request/deadline.ts";
import { readBody } from "./request/read-body.ts";
import { Refusal } from "./request/refusal.ts";
import { answerBody, parseBatch, type ReceivedBatch } from "./request/relay-wire.ts";

/** Handles a request from a page. Never rejects. */
export type Relay = (request: Request) => Promise<Response>;

const OVERLOADED = new Refusal(503, "overloaded", "too many requests at once", { retryAfterMs: 1_000 });
const UNAVAILABLE = new Refusal(503, "unavailable", "the relay cannot take events now", {
  retryAfterMs: 5_000,
});
const NOT_ALLOWED = new Refusal(405, "method_not_allowed", "expected POST", {
  headers: { allow: "POST, OPTIONS" },
});

/**
 * Creates the endpoint that browsers post usage to. It takes tenant and device from the credentials, rejects events that the policy does
 * not allow, counts each event once even if a page sends it again, and acknowledges an event only when it is safe.
 *
 * @throws MeterError `invalid_options` that names every invalid option
 *
 * @example
 * ```ts
 * // app/meter/route.ts, a route handler of Next.js
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
      maxBodies = 1_000,
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

  const onError = containOnError(options.onError);
  const originOf = originCheck({
    origins: options.origins,
    allowMissingOrigin: options.allowMissingOrigin ?? false,
    allowCredentials: options.allowCredentials ?? false,
    onError,
  });
  const slots = new BodySlots(maxBodies);
  const reading = { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs, clock, slots };
  const taking: TakeBatchOptions = {
    dedup,
    holder: options.client === undefined ? "" : (options.outboxName ?? options.client.outboxName ?? ""),
    handOff: handOffOf(options),
    atWork: new EventsAtWork(),
    judge: judgeEvent(policyCheck(options.policy ?? {}, dedup.windowMs), onError),
    clock,
    clockThresholdMs,
    leaseMs,
    onError,
  };

  const admit = async (request: Request, batch: ReceivedBatch, now: number): Promise<Principal | Refusal> => {
    const principal = await authenticate(request, credentialsOf(request, batch.token));
    if (principal === undefined) return unauthenticated("unauthenticated", "the credentials are not known");
    if ("denied" in principal) return unauthenticated(principal.denied, principal.message);
    checkPrincipal(principal);
    const stranger = ofAnother(batch, principal);
    if (stranger !== undefined) return stranger;
    const { tenant_id, device_id } = principal;
    for (const [rate, key] of [
      [deviceRate, JSON.stringify([tenant_id, device_id])],
      [tenantRate, JSON.stringify([tenant_id])],
    ] as const) {
      if (rate === false) continue;
      const answer = checkRateAnswer(await rate.take(key, batch.events.length, now));
      if (!answer.ok) return new Refusal(429, "rate_limited", "too many events in too short a time", answer);
    }
    return principal;
  };

  const work = async (
    request: Request,
    text: string,
    arrivedAt: number,
  ): Promise<readonly PageEventResult[] | Refusal> => {
    const batch = parseBatch(text, maxEvents);
    if (batch instanceof Refusal) return batch;
    const deadline = new Deadline(clock, handOffTimeoutMs);
    try {
      const principal = await deadline.within(admit(request, batch, arrivedAt));
      if (principal === LATE) throw new Error("authenticate or rate did not answer in time");
      return principal instanceof Refusal
        ? principal
        : await takeBatch(batch, principal, arrivedAt, deadline, taking);
    } finally {
      deadline.cancel();
    }
  };

  let underWay = 0;
  const post = async (request: Request): Promise<readonly PageEventResult[] | Refusal> => {
    const arrivedAt = clock.now();
    const text = await readBody(request, reading);
    if (text instanceof Refusal) return text;
    if (underWay >= maxConcurrent) return OVERLOADED;
    underWay++;
    try {
      return await work(request, text, arrivedAt);
    } finally {
      underWay--;
    }
  };

  const answer = async (request: Request): Promise<Response> => {
    const origin = originOf(request);
    if (origin.refusal === undefined && request.method === "OPTIONS")
      return new Response(null, { status: 204, headers: { ...origin.headers, ...PREFLIGHT_HEADERS } });
    try {
      const answered = origin.refusal ?? (request.method === "POST" ? await post(request) : NOT_ALLOWED);
      return respond(answered, { ...origin.headers, date: new Date(clock.now()).toUTCString() });
    } catch (error) {
      onError(error);
      return respond(UNAVAILABLE, origin.headers);
    }
  };

  return answer;
};

/** @param headers - those for the origin, and `Date`, which not every runtime sets and by which a page measures its clock error */
const respond = (
  answer: readonly PageEventResult[] | Refusal,
  headers: Readonly<Record<string, string>>,
): Response => {
  const refusal = answer instanceof Refusal ? answer : unavailable(answer);
  const results = answer instanceof Refusal ? [] : answer;
  const { retryAfterMs } = refusal?.details ?? {};
  return new Response(answerBody(results, refusal), {
    status: refusal?.status ?? 200,
    headers: {
      ...headers,
      ...refusal?.details.headers,
      ...(retryAfterMs === undefined
        ? {}
        : { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) }),
      "content-type": "application/json",
      "cache-control": "no-store",
    },
  });
};

const handOffOf = (options: RelayOptions): HandOff => {
  const clock = options.clock ?? systemClock;
  return options.client === undefined
    ? directHandOff({ ...options, catalog: options.catalog, ambiguity: options.ambiguity, clock })
    : ingestHandOff({ client: options.client, allowVolatile: options.allowVolatile ?? false });
};

/** Returns a 503 if no event could be accepted, so that proxies and monitors see it too. */
const unavailable = (results: readonly PageEventResult[]): Refusal | undefined => {
  let retryAfterMs = 0;
  for (const result of results) {
    if (result.state !== "retry") return undefined;
    retryAfterMs = Math.max(retryAfterMs, result.retry_after_ms ?? 0);
  }
  return new Refusal(503, "unavailable", "none of the events could be taken yet", { retryAfterMs });
};

/** Refuses events that the page recorded for another tenant or user than that of the credentials: they wait for their own. */
const ofAnother = (batch: ReceivedBatch, { tenant_id, subject }: Principal): Refusal | undefined => {
  const differs = (field: "tenant_id" | "subject", expected: string | undefined) =>
    describeIssue({
      field,
      given: batch[field] === undefined ? "nothing" : describeValue(batch[field]),
      expected:
        expected === undefined
          ? "nothing, because the credentials name no user"
          : `that of the credentials, ${describeValue(expected)}`,
    });
  if (batch.tenant_id !== undefined && batch.tenant_id !== tenant_id)
    return new Refusal(403, "wrong_tenant", differs("tenant_id", tenant_id));
  // Events of a page that names no user may be anyone's.
  if (batch.subject !== subject) return new Refusal(403, "wrong_subject", differs("subject", subject));
  return undefined;
};

const unauthenticated = (code: ConstructorParameters<typeof Refusal>[1], message: string): Refusal =>
  new Refusal(401, code, message, { headers: { "www-authenticate": "Bearer" } });
