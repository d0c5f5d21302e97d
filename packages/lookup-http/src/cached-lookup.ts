import {
  type Clock,
  type CustomerFound,
  type CustomerLookup,
  type CustomerUnknown,
  type LookupAnswer,
  MeterError,
  systemClock,
} from "@meter-lib/core/transport";
import * as v from "valibot";
import { LruMap } from "./lru-map.ts";
import { toOptionIssue } from "./option-issue.ts";
import { type SharedCall, sharedCall } from "./shared-call.ts";

export interface CachedLookupOptions {
  /** How long a found customer stays fresh, in milliseconds. @default 300000 (5 min) */
  readonly ttlMs?: number | undefined;
  /**
   * How long "unknown" stays fresh, in milliseconds. Also how long to wait before asking a failed lookup again while a stale answer
   * is in use.
   * @default 30000
   */
  readonly negativeTtlMs?: number | undefined;
  /** Largest number of cached tenants. The least recently used is evicted first. @default 10000 */
  readonly maxTenants?: number | undefined;
  /** How long a stale customer may be used while the lookup fails, in milliseconds. @default 3600000 (1 h) */
  readonly staleIfErrorMs?: number | undefined;
  /** @default systemClock */
  readonly clock?: Clock | undefined;
}

const DURATION = "milliseconds, an integer ≥ 0";
const duration = v.pipe(v.number(DURATION), v.safeInteger(DURATION), v.minValue(0, DURATION));
const COUNT = "an integer ≥ 1";

const schema = v.strictObject({
  ttlMs: v.optional(duration, 5 * 60_000),
  negativeTtlMs: v.optional(duration, 30_000),
  maxTenants: v.optional(v.pipe(v.number(COUNT), v.safeInteger(COUNT), v.minValue(1, COUNT)), 10_000),
  staleIfErrorMs: v.optional(duration, 60 * 60_000),
  clock: v.optional(
    v.custom<Clock>((value) => typeof value === "object" && value !== null && "now" in value, "a clock"),
    systemClock,
  ),
});

interface Entry {
  readonly answer: CustomerFound | CustomerUnknown;
  readonly storedAt: number;
  readonly freshUntil: number;
  /** When the entry can no longer replace a failed lookup. */
  readonly staleUntil: number;
}

/**
 * Caches another lookup. Concurrent calls for one tenant share one request, which is aborted once every caller has given up.
 * Failures are not cached.
 *
 * @throws MeterError `invalid_options` that names every invalid option
 *
 * @example
 * ```ts
 * const lookup = cachedLookup(httpCustomerLookup({ baseUrl: "https://portal.example.com", apiKey }), { ttlMs: 60_000 });
 * ```
 */
export const cachedLookup = (lookup: CustomerLookup, options: CachedLookupOptions = {}): CustomerLookup => {
  const result = v.safeParse(schema, options);
  if (!result.success) throw MeterError.fromIssues("invalid_options", result.issues.map(toOptionIssue));
  const { ttlMs, negativeTtlMs, maxTenants, staleIfErrorMs, clock } = result.output;
  const entries = new LruMap<string, Entry>(maxTenants);
  const calls = new Map<string, SharedCall<LookupAnswer>>();

  const remember = (tenant_id: string, answer: LookupAnswer): LookupAnswer => {
    const now = clock.now();
    const old = entries.get(tenant_id);
    if (answer.state !== "failed") {
      const freshUntil = now + (answer.state === "found" ? ttlMs : negativeTtlMs);
      entries.set(tenant_id, { answer, storedAt: now, freshUntil, staleUntil: freshUntil + staleIfErrorMs });
      return answer;
    }
    if (old === undefined || !standsIn(old, now)) return answer;
    entries.set(tenant_id, { ...old, freshUntil: Math.min(now + negativeTtlMs, old.staleUntil) });
    return old.answer;
  };

  const call = (tenant_id: string): SharedCall<LookupAnswer> => {
    const run = async (signal: AbortSignal): Promise<LookupAnswer> => {
      const answer = await ask(lookup, tenant_id, signal);
      // A failure after every caller gave up says nothing about the lookup.
      return signal.aborted && answer.state === "failed" ? answer : remember(tenant_id, answer);
    };
    const onEnd = () => {
      if (calls.get(tenant_id) === shared) calls.delete(tenant_id);
    };
    const shared = sharedCall(run, { onEnd });
    calls.set(tenant_id, shared);
    return shared;
  };

  const dispose = lookup[Symbol.asyncDispose];
  return {
    lookupNow: (tenant_id) => {
      const entry = entries.get(tenant_id);
      return entry?.answer.state === "found" && isFresh(entry, clock.now())
        ? entry.answer.customer_id
        : undefined;
    },
    lookup: async (tenant_id, { signal }) => {
      const entry = entries.get(tenant_id);
      if (entry !== undefined && isFresh(entry, clock.now())) return entry.answer;
      const answer = signal.aborted
        ? undefined
        : await (calls.get(tenant_id) ?? call(tenant_id)).join(signal);
      if (answer !== undefined) return answer;
      if (entry !== undefined && standsIn(entry, clock.now())) return entry.answer;
      return { state: "failed", reason: "no answer before the caller gave up", timeout: true };
    },
    ...(dispose === undefined ? {} : { [Symbol.asyncDispose]: () => dispose.call(lookup) }),
  };
};

// A clock that was set back must not keep an entry fresh longer.
const isFresh = ({ storedAt, freshUntil }: Entry, now: number): boolean =>
  now < freshUntil && now >= storedAt;

/** Whether a stale answer may replace a failed lookup. */
const standsIn = ({ answer, storedAt, staleUntil }: Entry, now: number): boolean =>
  answer.state === "found" && now < staleUntil && now >= storedAt;

const ask = async (lookup: CustomerLookup, tenant_id: string, signal: AbortSignal): Promise<LookupAnswer> => {
  try {
    return await lookup.lookup(tenant_id, { signal });
  } catch (error) {
    return {
      state: "failed",
      reason: `the lookup threw: ${error instanceof Error ? error.message : "not an error"}`,
    };
  }
};
