import { type EventIssue, MeterError } from "@meter-lib/core";
import type { CryptoKey } from "jose";

/** A key and its name, which is the `kid` of a token. */
export type TokenKey = SecretKey | PairKey;

/** HS256: the same secret verifies and issues. */
export interface SecretKey {
  readonly kid: string;
  /** At least 32 bytes, as text or bytes. */
  readonly secret: string | Uint8Array;
}

/** The relay needs only the public key; the issuer of tokens has the private one. */
export interface PairKey {
  readonly kid: string;
  readonly alg: "EdDSA" | "ES256" | "RS256" | "PS256";
  readonly publicKey: CryptoKey;
  readonly privateKey?: CryptoKey;
}

/** A key, and the one algorithm that it is used with. */
export interface UsableKey {
  readonly kid: string;
  readonly alg: string;
  readonly verify: Uint8Array | CryptoKey;
  readonly sign: Uint8Array | CryptoKey | undefined;
}

export interface KeyOptions {
  readonly secret?: string | Uint8Array;
  readonly keys?: readonly TokenKey[];
}

const MIN_SECRET_BYTES = 32;
const SINGLE_KEY_ID = "default";

/** Throws `invalid_options`; a secret is never repeated. */
export const usableKeys = ({ secret, keys }: KeyOptions): readonly UsableKey[] => {
  const given = keys ?? (secret === undefined ? [] : [{ kid: SINGLE_KEY_ID, secret }]);
  const issues: EventIssue[] = [];
  const expect = (field: string, isRight: boolean, wrong: string, expected: string): void => {
    if (!isRight) issues.push({ field, given: wrong, expected });
  };
  expect("secret", secret === undefined || keys === undefined, "both secret and keys", "one of the two");
  expect("keys", given.length > 0, "none", "at least one key, or a secret");
  const ids = new Set<string>();
  const usable = given.map((key, index): UsableKey => {
    const { kid } = key;
    expect(
      `keys.${index}.kid`,
      typeof kid === "string" && kid !== "" && !ids.has(kid),
      "one that is empty or used",
      "a name of its own",
    );
    ids.add(kid);
    if ("secret" in key) {
      const bytes = typeof key.secret === "string" ? new TextEncoder().encode(key.secret) : key.secret;
      expect(
        keys === undefined ? "secret" : `keys.${index}.secret`,
        bytes.byteLength >= MIN_SECRET_BYTES,
        `${bytes.byteLength} bytes`,
        `at least ${MIN_SECRET_BYTES} bytes`,
      );
      return { kid, alg: "HS256", verify: bytes, sign: bytes };
    }
    return { kid, alg: key.alg, verify: key.publicKey, sign: key.privateKey };
  });
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return usable;
};
