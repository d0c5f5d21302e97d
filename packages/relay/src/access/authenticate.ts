import { describeValue, type Promisable } from "@meter-lib/core/transport";
import type { RelayErrorCode } from "../request/refusal.ts";

/** Tenant and device of a request. They come only from its credentials, never from what the page claims. */
export interface Principal {
  readonly tenant_id: string;
  readonly device_id: string;
  /** The user. The page must name the same one in `subject`, or none if there is none here. @default none */
  readonly subject?: string | undefined;
  /** Meters that these credentials may report. @default all that the policy allows */
  readonly meters?: readonly string[] | undefined;
}

export interface Credentials {
  /** Token from `Authorization: Bearer …`, or else from the body's `token`. */
  readonly token: string | undefined;
}

/** Refused credentials. The relay answers 401. */
export interface Denied {
  readonly denied: Extract<RelayErrorCode, "unauthenticated" | `token_${string}`>;
  /** Explanation for the page's developer. */
  readonly message: string;
}

/**
 * Returns tenant and device of a request, or undefined if the credentials are unknown (401). If it throws, the relay answers 503 and the
 * page retries. The request's body has already been read.
 */
export type Authenticate = (
  request: Request,
  credentials: Credentials,
) => Promisable<Principal | Denied | undefined>;

const BEARER = /^bearer +(\S+)$/i;

/** Returns the token of a request. The header takes precedence over the body. */
export const credentialsOf = (request: Request, bodyToken: string | undefined): Credentials => ({
  token: BEARER.exec(request.headers.get("authorization") ?? "")?.[1] ?? bodyToken,
});

/** @throws TypeError if `authenticate` returned an invalid principal */
export const checkPrincipal = ({ tenant_id, device_id, subject, meters }: Principal): void => {
  expectThat("tenant_id", tenant_id, isText(tenant_id), "text that is not empty");
  expectThat("device_id", device_id, isText(device_id), "text that is not empty");
  expectThat("subject", subject, subject === undefined || isText(subject), "text that is not empty");
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
