import { describeValue, type Promisable } from "@meter-lib/core/transport";
import type { RelayErrorCode } from "./refusal.ts";

/** Who a request is metered for. It comes from the credentials alone, never from what a page says. */
export interface Principal {
  readonly tenant_id: string;
  readonly device_id: string;
  /** The only meters that these credentials may report. Left out: all that the policy allows. */
  readonly meters?: readonly string[] | undefined;
}

export interface Credentials {
  /** From `Authorization: Bearer …`, else from the body's `token`. */
  readonly token: string | undefined;
}

/** Credentials that do not do, and why: answered as a 401. */
export interface Denied {
  readonly denied: Extract<RelayErrorCode, "unauthenticated" | `token_${string}`>;
  /** In words, for people. */
  readonly message: string;
}

/**
 * Finds out whom a request is metered for; undefined when it cannot be told (401). A throw is a 503: the page keeps its events
 * and comes again. The request's body has been read already.
 */
export type Authenticate = (
  request: Request,
  credentials: Credentials,
) => Promisable<Principal | Denied | undefined>;

const BEARER = /^bearer +(\S+)$/i;

/** The token of a request; the header goes before the body. */
export const credentialsOf = (request: Request, bodyToken: string | undefined): Credentials => ({
  token: BEARER.exec(request.headers.get("authorization") ?? "")?.[1] ?? bodyToken,
});

/** @throws TypeError for an answer that is none: nobody is metered on the strength of it */
export const checkPrincipal = ({ tenant_id, device_id, meters }: Principal): void => {
  expectThat("tenant_id", tenant_id, isText(tenant_id), "text that is not empty");
  expectThat("device_id", device_id, isText(device_id), "text that is not empty");
  const isList = meters === undefined || (Array.isArray(meters) && meters.every(isText));
  expectThat("meters", meters, isList, "a list of meter ids");
};

const expectThat = (field: string, value: unknown, isRight: boolean, expected: string): void => {
  if (isRight) return;
  throw new TypeError(
    `authenticate: expected ${field} to be ${expected}, got ${value === undefined ? "nothing" : describeValue(value)}`,
  );
};

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
