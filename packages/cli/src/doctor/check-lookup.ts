import type { CustomerLookup } from "@meter-lib/core";
import type { LookupAnswer } from "@meter-lib/core/transport";
import type { Connection } from "meter-lib";
import type { Finding } from "./finding.ts";

// A tenant that does not exist: the result "unknown" shows that the lookup works.
const NOBODY = "meter-doctor";

/** Looks up a tenant's customer. Shows whether the lookup works, whether it accepts the key, and whether the tenant has a customer. */
export const checkLookup = async (
  { lookupUrl, lookupRoute, apiKey }: Connection,
  lookup: CustomerLookup,
  tenant: string | undefined,
  signal: AbortSignal,
): Promise<readonly Finding[]> => {
  const answer = await lookup.lookup(tenant ?? NOBODY, { signal });
  signal.throwIfAborted();
  const way = `${lookupUrl} (${lookupRoute})`;
  const status = answer.state === "failed" ? answer.status : undefined;
  const isRefused = status === 401 || status === 403;
  const findings: Finding[] = [lookupFinding(answer, way, isRefused), keyFinding(answer, apiKey, isRefused)];
  if (tenant !== undefined && answer.state !== "failed") findings.push(customerFinding(answer, tenant));
  return findings;
};

const lookupFinding = (answer: LookupAnswer, way: string, isRefused: boolean): Finding =>
  answer.state !== "failed" || isRefused
    ? { check: "lookup", state: "good", found: `${way} answers` }
    : {
        check: "lookup",
        state: "bad",
        found: `${way} does not work: ${answer.reason}`,
        advice: "check --lookup-url and --lookup-route",
      };

const keyFinding = (answer: LookupAnswer, apiKey: string | undefined, isRefused: boolean): Finding => {
  if (isRefused) {
    return {
      check: "credentials",
      state: "bad",
      found: apiKey === undefined ? "the lookup requires a key" : "the lookup refuses the key",
      advice: "set METER_LIB_API_KEY to a key of the portal",
    };
  }
  if (answer.state === "failed")
    return { check: "credentials", state: "unknown", found: "the lookup does not work" };
  const found = apiKey === undefined ? "no key is set, and none is required" : "the lookup accepts the key";
  return { check: "credentials", state: "good", found };
};

const customerFinding = (answer: Exclude<LookupAnswer, { state: "failed" }>, tenant: string): Finding =>
  answer.state === "found"
    ? { check: "customer", state: "good", found: `the customer of ${tenant} is ${answer.customer_id}` }
    : {
        check: "customer",
        state: "bad",
        found: `${tenant} has no customer`,
        advice: "create the tenant's customer, or check --tenant",
      };
