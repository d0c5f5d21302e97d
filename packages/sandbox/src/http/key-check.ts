import type { IncomingHttpHeaders } from "node:http";
import type { ApiKeys } from "../store/api-keys.ts";

/** The state of a request's API key: `none` if it has none, or if no keys are defined. */
export type KeyState = "none" | "right" | "wrong";

/** Reads `x-api-key` and `authorization: Bearer …`. */
export interface KeyCheck {
  /** Whether any keys are defined. */
  required(): boolean;
  stateOf(headers: IncomingHttpHeaders): KeyState;
}

const BEARER = /^bearer +(.*)$/i;

const keysIn = (headers: IncomingHttpHeaders): readonly string[] => {
  const apiKey = headers["x-api-key"];
  const { authorization } = headers;
  const keys: string[] = typeof apiKey === "string" ? [apiKey] : [];
  // Another scheme than Bearer carries no API key, so it cannot be valid.
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
