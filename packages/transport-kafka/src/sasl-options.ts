import * as v from "valibot";

/** A text, or a function asked for it at every connection and re-authentication. */
export type Secret = string | (() => string | Promise<string>);

/** A user name and a password: https://kafka.apache.org/documentation/#security_sasl */
export interface SaslPassword {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: Secret;
  readonly password: Secret;
}

/** A bearer token of an OAuth server (KIP-255). */
export interface SaslToken {
  readonly mechanism: "OAUTHBEARER";
  readonly token: Secret;
  /** Sent beside the token, for instance a logical cluster. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
}

export type SaslOptions = SaslPassword | SaslToken;

const secret = v.union(
  [v.string(), v.custom<() => string | Promise<string>>((value) => typeof value === "function")],
  "text, or a function that gives it",
);

/** Checks the shape only; what is right the broker says. */
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
