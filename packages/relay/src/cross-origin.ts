import { Refusal } from "./refusal.ts";

/** Origins whose pages may post, each as a browser writes it: `https://app.example.com`. Or a function that decides. */
export type Origins = readonly string[] | ((origin: string) => boolean);

export interface CrossOriginOptions {
  readonly origins: Origins;
  readonly allowMissingOrigin: boolean;
  readonly allowCredentials: boolean;
}

const PREFLIGHT_AGE_SECONDS = 7_200;

/**
 * The relay's own look at `Origin`. CORS alone would not do: a `text/plain` post is sent without a preflight, and only its answer
 * is kept from the page.
 */
export class CrossOrigin {
  readonly #options: CrossOriginOptions;
  readonly #isAllowed: (origin: string) => boolean;

  constructor(options: CrossOriginOptions) {
    this.#options = options;
    const { origins } = options;
    const list = typeof origins === "function" ? undefined : new Set(origins);
    this.#isAllowed = typeof origins === "function" ? origins : (origin) => list?.has(origin) === true;
  }

  /** Why a request may not be made from where it comes, if so. */
  refusal(request: Request): Refusal | undefined {
    const origin = request.headers.get("origin");
    if (origin === null) {
      return this.#options.allowMissingOrigin
        ? undefined
        : new Refusal(403, "origin_missing", "origin: expected the header Origin, got nothing");
    }
    return this.#isAllowed(origin)
      ? undefined
      : new Refusal(403, "origin_not_allowed", "origin: expected one of those that this relay serves");
  }

  /** Headers that let the page read the answer; to a foreign page none but `Vary`. */
  headers(request: Request): Record<string, string> {
    const origin = request.headers.get("origin");
    if (origin === null || !this.#isAllowed(origin)) return { vary: "Origin" };
    return {
      vary: "Origin",
      "access-control-allow-origin": origin,
      "access-control-expose-headers": "Date, Retry-After",
      ...(this.#options.allowCredentials ? { "access-control-allow-credentials": "true" } : {}),
    };
  }

  /** What a preflight is told on top. */
  preflightHeaders(): Record<string, string> {
    return {
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "authorization, content-type",
      "access-control-max-age": String(PREFLIGHT_AGE_SECONDS),
    };
  }
}
