import type { HeaderSource } from "@meter-lib/transport-fetch";
import * as v from "valibot";

/** A key, or a function asked before every request, so that a key can change. */
export type ApiKey = string | (() => string | Promise<string>);

const EXPECTED = "a key (visible ASCII), or a function that gives one";

/** The option as an entry of a valibot schema. */
export const apiKeyEntry = v.union(
  [
    v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/, EXPECTED)),
    v.custom<Exclude<ApiKey, string>>((value) => typeof value === "function"),
  ],
  EXPECTED,
);

/** The key as a bearer token, with what else goes into every request. */
export const bearer = (apiKey: ApiKey, others: Readonly<Record<string, string>> = {}): HeaderSource =>
  typeof apiKey === "string"
    ? { ...others, authorization: `Bearer ${apiKey}` }
    : async () => ({ ...others, authorization: `Bearer ${await apiKey()}` });
