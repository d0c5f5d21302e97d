import type { HeaderSource } from "@meter-lib/transport-fetch";
import * as v from "valibot";

/** An API key, or a function called before every request, for keys that change. */
export type ApiKey = string | (() => string | Promise<string>);

const EXPECTED = "a key (visible ASCII), or a function that returns one";

/** The option in a valibot schema. */
export const apiKeyEntry = v.union(
  [
    v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/, EXPECTED)),
    v.custom<Exclude<ApiKey, string>>((value) => typeof value === "function"),
  ],
  EXPECTED,
);

/** Sends the key as a bearer token, with the headers of every request. */
export const bearer = (apiKey: ApiKey, others: Readonly<Record<string, string>> = {}): HeaderSource =>
  typeof apiKey === "string"
    ? { ...others, authorization: `Bearer ${apiKey}` }
    : async () => ({ ...others, authorization: `Bearer ${await apiKey()}` });
