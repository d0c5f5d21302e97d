import type { IncomingHttpHeaders } from "node:http";
import type { ApiKeys } from "../store/api-keys.ts";

/** What a request's API key is worth: `none` when it carries none, or when there are none. */
export type KeyState = "none" | "right" | "wrong";

/** Looks at `x-api-key` and at `authorization: Bearer …`. */
export interface KeyCheck {
  /** Whether there are keys at all. */
  required(): boolean;
  stateOf(headers: IncomingHttpHeaders): KeyState;
}

const BEARER = /^bearer +(.*)$/i;

const keysIn = (headers: IncomingHttpHeaders): readonly string[] => {
  const apiKey = headers["x-api-key"];
  const { authorization } = headers;
  const keys: string[] = typeof apiKey === "string" ? [apiKey] : [];
  // Another scheme than Bearer is no key of ours, so it cannot be a right one.
  if (authorization !== undefined) keys.push(BEARER.exec(authorization)?.[1]?.trim() ?? "");
  return keys;
};

export const createKeyCheck = (apiKeys: Pick<ApiKeys, "count" | "use">, now: () => number): KeyCheck => ({
  required: () => apiKeys.count() > 0,
  stateOf: (headers) => {
    if (apiKeys.count() === 0) return "none";
    const keys = keysIn(headers);
    if (keys.length === 0) return "none";
    return keys.every((key) => apiKeys.use(key, now())) ? "right" : "wrong";
  },
});
