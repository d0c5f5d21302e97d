import { describeValue } from "@meter-lib/core/transport";
import { containPromise } from "../request/contain.ts";
import { Refusal } from "../request/refusal.ts";

/** Origins whose pages may post, as sent by a browser: `https://app.example.com`. Or a function that decides; throwing means no. */
export type Origins = readonly string[] | ((origin: string) => boolean);

export interface CrossOriginOptions {
  readonly origins: Origins;
  readonly allowMissingOrigin: boolean;
  readonly allowCredentials: boolean;
  readonly onError: (error: unknown) => void;
}

const PREFLIGHT_AGE_SECONDS = 7_200;

/** The result of checking a request's `Origin`. */
export interface OriginVerdict {
  /** Why the request is refused; undefined if it is allowed. */
  readonly refusal: Refusal | undefined;
  /** Headers that let the page read the response; for other pages only `Vary`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Additional headers for a preflight. */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "POST",
  "access-control-allow-headers": "authorization, content-type",
  "access-control-max-age": String(PREFLIGHT_AGE_SECONDS),
};

/**
 * Checks `Origin` on the server. CORS is not enough: a `text/plain` POST is sent without a preflight, and CORS hides only its response
 * from the page.
 */
export const originCheck = (options: CrossOriginOptions): ((request: Request) => OriginVerdict) => {
  const isAllowed = allowed(options);
  return (request) => {
    const origin = request.headers.get("origin");
    if (origin === null)
      return { refusal: options.allowMissingOrigin ? undefined : MISSING, headers: { vary: "Origin" } };
    if (!isAllowed(origin)) return { refusal: FOREIGN, headers: { vary: "Origin" } };
    const headers = {
      vary: "Origin",
      "access-control-allow-origin": origin,
      "access-control-expose-headers": "Date, Retry-After",
      ...(options.allowCredentials ? { "access-control-allow-credentials": "true" } : {}),
    };
    return { refusal: undefined, headers };
  };
};

const MISSING = new Refusal(403, "origin_missing", "origin: expected the header Origin, got nothing");
const FOREIGN = new Refusal(
  403,
  "origin_not_allowed",
  "origin: expected one of those that this relay serves",
);

const allowed = ({ origins, onError }: CrossOriginOptions): ((origin: string) => boolean) => {
  if (typeof origins !== "function") {
    const list = new Set(origins);
    return (origin) => list.has(origin);
  }
  return (origin) => {
    try {
      const answer: unknown = origins(origin);
      if (typeof answer === "boolean") return answer;
      containPromise(answer, onError);
      throw new TypeError(`origins: expected true or false, got ${describeValue(answer)}`);
    } catch (error) {
      onError(error);
      return false;
    }
  };
};
