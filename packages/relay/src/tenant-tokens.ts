import { type Clock, type EventIssue, MeterError } from "@meter-lib/core";
import { describeValue, systemClock } from "@meter-lib/core/transport";
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { Authenticate, Denied, Principal } from "./authenticate.ts";
import { type TokenKey, usableKeys } from "./token-key.ts";

export interface TenantTokensOptions {
  /** One shared secret of at least 32 bytes, as text or bytes. Or give `keys`. */
  readonly secret?: string | Uint8Array;
  /** The keys that tokens may be signed with. The first that can sign signs; the others are still taken, so that keys can be rotated. */
  readonly keys?: readonly TokenKey[];
  /** @default none is written or asked for */
  readonly issuer?: string;
  /** What the tokens are for: a token for anything else is refused. @default "meter-relay" */
  readonly audience?: string;
  /** Longest life that `issue` gives, in milliseconds. @default 86_400_000 (24 hours) */
  readonly maxLifeMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
}

export interface TokenRequest extends Principal {
  /** How long the token is good, in milliseconds. @default 900_000 (15 minutes) */
  readonly expiresInMs?: number;
}

/** Tokens that say whom a page is metered for. */
export interface TenantTokens {
  /** A token for one tenant and device. Rejects with `invalid_options` for a request that makes no sense. */
  issue(request: TokenRequest): Promise<string>;
  /** For `createRelay`. */
  readonly authenticate: Authenticate;
}

// Keeps other tokens of the same keys from being taken for ours (RFC 8725, 3.11).
const TYPE = "meter+jwt";
const DAY_MS = 86_400_000;
const LIFE_MS = 900_000;
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_ID_LENGTH = 255;

/**
 * Short-lived tokens (JWT, RFC 7519) bound to a tenant, a device and, if wanted, to some meters. Each key has one algorithm, and a
 * token is verified with the algorithm of the key that it names, never with the one that it claims.
 *
 * @throws MeterError `invalid_options`
 * @example
 * ```ts
 * const tokens = tenantTokens({ secret: process.env.RELAY_SECRET ?? "" });
 * const token = await tokens.issue({ tenant_id: "tenant_123", device_id: "web", meters: ["page.processed.basic"] });
 * ```
 */
export const tenantTokens = (options: TenantTokensOptions): TenantTokens => {
  const { issuer, audience = "meter-relay", maxLifeMs = DAY_MS, clock = systemClock } = options;
  const keys = usableKeys(options);
  const byId = new Map(keys.map((key) => [key.kid, key]));

  const issue = async ({
    tenant_id,
    device_id,
    meters,
    expiresInMs = LIFE_MS,
  }: TokenRequest): Promise<string> => {
    const issues = requestIssues({ tenant_id, device_id, meters, expiresInMs }, maxLifeMs);
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

/** The name of the key that a token says it is signed with; undefined also for what is no token at all. */
const keyIdOf = (token: string): string | undefined => {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
};

const principalOf = ({ tenant_id, device_id, meters }: JWTPayload): Principal | undefined => {
  if (!isId(tenant_id) || !isId(device_id)) return undefined;
  if (meters === undefined) return { tenant_id, device_id };
  return isTexts(meters) ? { tenant_id, device_id, meters } : undefined;
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
  // A failure of the runtime's cryptography is no fault of the token.
  if (error instanceof errors.JOSEError) return invalid();
  throw error;
};

const requestIssues = (
  { tenant_id, device_id, meters, expiresInMs }: TokenRequest & { readonly expiresInMs: number },
  maxLifeMs: number,
): readonly EventIssue[] => {
  const issues: EventIssue[] = [];
  for (const [field, value] of Object.entries({ tenant_id, device_id })) {
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
