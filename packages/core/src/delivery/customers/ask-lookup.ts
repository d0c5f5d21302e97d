import { describeValue } from "../../check/event-issue.ts";
import type { Clock } from "../../strategies/clock.ts";
import type { CustomerLookup, LookupAnswer } from "../../strategies/customer-lookup.ts";

export interface LookUpOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const STATES = new Set<unknown>(["found", "unknown", "failed"]);

/** Returns the customer if the lookup knows it without waiting. */
export const lookUpNow = (lookup: CustomerLookup, tenant_id: string): string | undefined => {
  try {
    return lookup.lookupNow?.(tenant_id) || undefined;
  } catch {
    return undefined;
  }
};

/** Calls a lookup once; always yields a result in time, whatever the lookup does. */
export const lookUp = async (
  lookup: CustomerLookup,
  tenant_id: string,
  { clock, timeoutMs, signal }: LookUpOptions,
): Promise<LookupAnswer> => {
  const known = lookUpNow(lookup, tenant_id);
  if (known !== undefined) return { state: "found", customer_id: known };
  const abort = new AbortController();
  const giveUp = () => abort.abort(signal?.reason);
  let cancelTimer = () => {};
  try {
    const ended = new Promise<LookupAnswer>((resolve) => {
      cancelTimer = clock.schedule(
        timeoutMs,
        () => {
          resolve({
            state: "failed",
            reason: `no response from the customer lookup within ${timeoutMs} ms`,
            timeout: true,
          });
          abort.abort();
        },
        { holdProcess: true },
      );
      abort.signal.addEventListener(
        "abort",
        () => resolve({ state: "failed", reason: "the customer lookup was aborted" }),
        { once: true },
      );
    });
    if (signal?.aborted) giveUp();
    else signal?.addEventListener("abort", giveUp, { once: true });
    const answer = await Promise.race([lookup.lookup(tenant_id, { signal: abort.signal }), ended]);
    if (!STATES.has(answer?.state)) {
      return {
        state: "failed",
        reason: `the customer lookup returned ${describeValue(answer)} instead of a state`,
      };
    }
    if (answer.state === "found" && (typeof answer.customer_id !== "string" || answer.customer_id === "")) {
      return { state: "failed", reason: "the customer lookup found a customer without an id" };
    }
    return answer;
  } catch (error) {
    return {
      state: "failed",
      reason: `the customer lookup threw: ${error instanceof Error ? error.message : String(error)}`,
    };
  } finally {
    cancelTimer();
    signal?.removeEventListener("abort", giveUp);
  }
};
