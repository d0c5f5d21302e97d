import type { IncomingHttpHeaders } from "node:http";

/** What a request's API key is worth: `none` when it carries none, or when none are configured. */
export type KeyState = "none" | "right" | "wrong";

/** Looks at `x-api-key` and at `authorization: Bearer …`. */
export interface KeyCheck {
  /** Whether keys are configured at all. */
  readonly required: boolean;
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

export const createKeyCheck = (apiKeys: readonly string[]): KeyCheck => {
  const right = new Set(apiKeys);
  return {
    required: right.size > 0,
    stateOf: (headers) => {
      if (right.size === 0) return "none";
      const keys = keysIn(headers);
      if (keys.length === 0) return "none";
      return keys.every((key) => right.has(key)) ? "right" : "wrong";
    },
  };
};
