import { type Clock, type EventIssue, MeterError } from "@meter-lib/core";
import { describeValue, foreignOptions, type OptionNames, systemClock } from "@meter-lib/core/transport";
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { Authenticate, Denied, Principal } from "./authenticate.ts";
import { type TokenKey, usableKeys } from "./token-key.ts";

export interface TenantTokensOptions {
  /** Shared secret of at least 32 bytes, as text or bytes. Set it or `keys`. */
  readonly secret?: string | Uint8Array;
  /** Keys for tokens. The first that can sign is used to sign; tokens of the others are accepted too, so that keys can be rotated. */
  readonly keys?: readonly TokenKey[];
  /** Issuer written into tokens and required of them. @default none */
  readonly issuer?: string;
  /** Audience of the tokens; tokens for another audience are refused. @default "meter-relay" */
  readonly audience?: string;
  /** Longest lifetime that `issue` allows, in milliseconds. @default 86_400_000 (24 hours) */
  readonly maxLifeMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
}

export interface TokenRequest extends Principal {
  /** Lifetime of the token, in milliseconds. @default 900_000 (15 minutes) */
  readonly expiresInMs?: number;
}

/** Issues and verifies the tokens that identify a page's tenant and device. */
export interface TenantTokens {
  /** Issues a token for a tenant and device. Rejects with a MeterError `invalid_options` for an invalid request. */
  issue(request: TokenRequest): Promise<string>;
  /** The option `authenticate` of `createRelay`. */
  readonly authenticate: Authenticate;
}

const OPTIONS: OptionNames<TenantTokensOptions> = {
  secret: true,
  keys: true,
  issuer: true,
  audience: true,
  maxLifeMs: true,
  clock: true,
};
const REQUEST: OptionNames<TokenRequest> = {
  tenant_id: true,
  device_id: true,
  subject: true,
  meters: true,
  expiresInMs: true,
};
// Distinguishes our tokens from others with the same keys (RFC 8725, 3.11).
const TYPE = "meter+jwt";
const DAY_MS = 86_400_000;
const LIFE_MS = 900_000;
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_ID_LENGTH = 255;

/**
 * Creates short-lived tokens (JWT, RFC 7519) bound to a tenant, a device and, optionally, certain meters. A token is verified with the
 * algorithm of its key, never with the one in its header.
 *
 * @throws MeterError `invalid_options` that names every invalid option
 *
 * @example
 * ```ts
 * const tokens = tenantTokens({ secret: process.env.RELAY_SECRET ?? "" });
 * const token = await tokens.issue({ tenant_id: "tenant_123", device_id: "web", meters: ["page.processed.basic"] });
 * ```
 */
export const tenantTokens = (options: TenantTokensOptions): TenantTokens => {
  const { issuer, audience = "meter-relay", maxLifeMs = DAY_MS, clock = systemClock } = options;
  const foreign = foreignOptions("", options, OPTIONS);
  if (foreign.length > 0) throw MeterError.fromIssues("invalid_options", foreign);
  const keys = usableKeys(options);
  const byId = new Map(keys.map((key) => [key.kid, key]));

  const issue = async (request: TokenRequest): Promise<string> => {
    const { tenant_id, device_id, subject, meters, expiresInMs = LIFE_MS } = request;
    const issues = [
      // A token without its `meters` could report all.
      ...foreignOptions("", request, REQUEST),
      ...requestIssues({ tenant_id, device_id, subject, meters, expiresInMs }, maxLifeMs),
    ];
    if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
    const key = keys.find(({ sign }) => sign !== undefined);
    if (key?.sign === undefined) {
      throw new MeterError("invalid_options", "keys: expected one that can sign, got public keys only");
    }
    const now = Math.floor(clock.now() / 1_000);
    const token = new SignJWT({ tenant_id, device_id, ...(meters === undefined ? {} : { meters }) })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: TYPE })
      .setIssuedAt(now)
      .setAudience(audience)
      .setExpirationTime(now + Math.ceil(expiresInMs / 1_000));
    if (issuer !== undefined) token.setIssuer(issuer);
    if (subject !== undefined) token.setSubject(subject);
    return token.sign(key.sign);
  };

  const authenticate: Authenticate = async (_request, { token }) => {
    if (token === undefined || token === "")
      return { denied: "token_missing", message: "token: expected one, got nothing" };
    const kid = keyIdOf(token);
    if (kid === undefined) return invalid();
    const key = byId.get(kid);
    if (key === undefined)
      return { denied: "token_unknown_key", message: "token: signed with a key that is not known here" };
    try {
      const { payload } = await jwtVerify(token, key.verify, {
        algorithms: [key.alg],
        audience,
        typ: TYPE,
        requiredClaims: ["exp"],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(clock.now()),
        ...(issuer === undefined ? {} : { issuer }),
      });
      return principalOf(payload) ?? invalid();
    } catch (error) {
      return deniedBy(error);
    }
  };

  return { issue, authenticate };
};

/** Returns the key id of a token, or undefined if it has none or is not a token. */
const keyIdOf = (token: string): string | undefined => {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
};

const principalOf = ({ tenant_id, device_id, sub, meters }: JWTPayload): Principal | undefined => {
  if (!isId(tenant_id) || !isId(device_id) || (sub !== undefined && !isId(sub))) return undefined;
  if (meters !== undefined && !isTexts(meters)) return undefined;
  return { tenant_id, device_id, ...(sub !== undefined && { subject: sub }), ...(meters && { meters }) };
};

const isId = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= MAX_ID_LENGTH;

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === "string");

const invalid = (): Denied => ({
  denied: "token_invalid",
  message: "token: expected one that was issued here, unchanged",
});

const deniedBy = (error: unknown): Denied => {
  if (error instanceof errors.JWTExpired)
    return {
      denied: "token_expired",
      message: "token: it has expired; get a new one and send the events again",
    };
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud")
      return { denied: "token_wrong_audience", message: "token: it is for something else" };
    if (error.claim === "iss")
      return { denied: "token_wrong_issuer", message: "token: it is from somebody else" };
    if (error.claim === "nbf") return { denied: "token_not_yet_valid", message: "token: it is not good yet" };
    return invalid();
  }
  // A failure of the runtime's cryptography does not make the token invalid.
  if (error instanceof errors.JOSEError) return invalid();
  throw error;
};

const requestIssues = (
  { tenant_id, device_id, subject, meters, expiresInMs }: TokenRequest & { readonly expiresInMs: number },
  maxLifeMs: number,
): readonly EventIssue[] => {
  const issues: EventIssue[] = [];
  for (const [field, value] of Object.entries({
    tenant_id,
    device_id,
    ...(subject !== undefined && { subject }),
  })) {
    if (isId(value)) continue;
    issues.push({ field, given: describeValue(value), expected: `text of 1 to ${MAX_ID_LENGTH} characters` });
  }
  if (meters !== undefined && !isTexts(meters))
    issues.push({ field: "meters", given: describeValue(meters), expected: "a list of meter ids" });
  if (!(expiresInMs >= 1_000 && expiresInMs <= maxLifeMs)) {
    const expected = `milliseconds, from 1000 to ${maxLifeMs} (maxLifeMs)`;
    issues.push({ field: "expiresInMs", given: describeValue(expiresInMs), expected });
  }
  return issues;
};
