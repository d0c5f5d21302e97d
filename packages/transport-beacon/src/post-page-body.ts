import { reserveKeepalive } from "./keepalive-ledger.ts";
import type { PageBody } from "./page-body.ts";

export interface PostOptions {
  readonly url: string;
  readonly init: RequestInit;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
  /** The page closes, so that only a beacon may get through where keepalive is missing. */
  readonly lastChance: boolean;
}

/** What came back: an answer; `beacon` when there will be none; or why there is none. */
export type Posted =
  | { readonly status: number; readonly headers: Headers; readonly text: string }
  | { readonly beacon: true }
  | { readonly error: unknown; readonly wasOffline: boolean };

/** Whether requests of this runtime may outlive their page. */
export const hasKeepalive = (): boolean => typeof Request === "function" && "keepalive" in Request.prototype;

/** Posts a body once; everything up to the first request happens before this returns. */
export const postPageBody = async (body: PageBody, options: PostOptions): Promise<Posted> => {
  const { navigator } = globalThis;
  const wasOffline = navigator?.onLine === false;
  const release = hasKeepalive() ? reserveKeepalive(body.bytes) : undefined;
  try {
    if (release !== undefined) {
      try {
        return await exchange(body, options, true);
      } catch (error) {
        // The browser's word for a budget that others have used up, and for a broken network.
        if (!(error instanceof TypeError)) throw error;
      } finally {
        release();
      }
    } else if (options.lastChance && navigator?.sendBeacon?.(options.url, body.text)) {
      return { beacon: true };
    }
    return await exchange(body, options, false);
  } catch (error) {
    return { error, wasOffline };
  }
};

const exchange = async ({ text }: PageBody, options: PostOptions, keepalive: boolean): Promise<Posted> => {
  const { url, init, fetch, signal } = options;
  const response = await fetch(url, { ...init, body: text, keepalive, signal });
  return { status: response.status, headers: response.headers, text: await response.text() };
};
