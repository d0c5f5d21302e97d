import { parseBaseUrl } from "@meter-lib/core/wire";
import type { ApiKey } from "../api-key.ts";

export interface JsonReaderOptions {
  readonly backend: string;
  readonly baseUrl: string;
  readonly apiKey: ApiKey | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export type Params = Readonly<Record<string, string | number | undefined>>;

/** Reads JSON from a backend, by the path after the base URL and a query. */
export type JsonReader = (path: string, params?: Params) => Promise<unknown>;

/** The error for any other response of a backend. */
export class BackendError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 5;
const LONGEST_WAIT_MS = 30_000;

/** @throws TypeError for a base URL that is none; its answers reject with what the backend said */
export const jsonReader = ({
  backend,
  baseUrl,
  apiKey,
  headers,
  ...options
}: JsonReaderOptions): JsonReader => {
  const base = parseBaseUrl(baseUrl);
  if (typeof base !== "string") throw new TypeError(`baseUrl: expected ${base.expected}, got ${base.given}`);
  const send = options.fetch ?? globalThis.fetch;
  return async (path, params = {}) => {
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(params))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const key = typeof apiKey === "function" ? await apiKey() : apiKey;
    for (let attempt = 1; ; attempt++) {
      const response = await send(url, {
        headers: {
          accept: "application/json",
          ...headers,
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: "error",
      });
      if (response.ok) return response.json();
      const text = (await response.text()).slice(0, 300);
      if (response.status !== 429 || attempt === ATTEMPTS)
        throw new BackendError(`${backend}: ${path} answered ${response.status}: ${text}`, response.status);
      const seconds = Number(response.headers.get("retry-after") ?? 2 ** (attempt - 1));
      const ms = Math.min(Math.max(0, Number.isFinite(seconds) ? seconds * 1_000 : 1_000), LONGEST_WAIT_MS);
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  };
};
