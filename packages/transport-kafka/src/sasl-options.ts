import * as v from "valibot";

/** A string, or a function that returns it, called on every connection and re-authentication. */
export type Secret = string | (() => string | Promise<string>);

/** User name and password: https://kafka.apache.org/documentation/#security_sasl */
export interface SaslPassword {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: Secret;
  readonly password: Secret;
}

/** Bearer token of an OAuth server (KIP-255). */
export interface SaslToken {
  readonly mechanism: "OAUTHBEARER";
  readonly token: Secret;
  /** Extensions sent with the token, such as a logical cluster. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
}

export type SaslOptions = SaslPassword | SaslToken;

const secret = v.union(
  [v.string(), v.custom<() => string | Promise<string>>((value) => typeof value === "function")],
  "text, or a function that gives it",
);

/** Checks only the shape; the broker verifies the credentials. */
export const saslSchema = v.variant(
  "mechanism",
  [
    v.strictObject({
      mechanism: v.picklist(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
      username: secret,
      password: secret,
    }),
    v.strictObject({
      mechanism: v.literal("OAUTHBEARER"),
      token: secret,
      extensions: v.optional(v.record(v.string(), v.string(), "an object of texts")),
    }),
  ],
  '"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512" or "OAUTHBEARER"',
);
