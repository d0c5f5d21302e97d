import type { BeaconTransportOptions } from "./beacon-transport-options.ts";
import { judgeAnswer, type Verdict } from "./judge-answer.ts";
import { reserveKeepalive } from "./keepalive-ledger.ts";
import { utf8Bytes } from "./page-body.ts";

export type PagePostOptions = Pick<BeaconTransportOptions, "url" | "credentials" | "fetch">;

export interface PagePostContext {
  /** @default none: `fetch` sets `text/plain;charset=UTF-8` for text */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Whether the page is closing: without keepalive, only a beacon, which has no headers, may then be sent. */
  readonly isLeaving: boolean;
  readonly answered?: (response: Response) => void;
}

/** Posts a body once. The request starts before the function returns. */
export type PagePost = (body: string, context: PagePostContext) => Promise<Verdict>;

/**
 * Posts to the relay of a page, in requests that outlive the page. One that the browser breaks off may have been too much for what it lets
 * such requests carry, together with those of other code: so the next one is an ordinary one.
 */
export const pagePost = ({ url, credentials, fetch }: PagePostOptions): PagePost => {
  let isBroken = false;
  return async (body, { headers, signal, isLeaving, answered }) => {
    const { navigator } = globalThis;
    const wasOffline = navigator?.onLine === false;
    const outlives = "keepalive" in Request.prototype;
    if (!outlives && isLeaving && navigator.sendBeacon?.(url, body))
      return { state: "unsure", reason: "a beacon has no answer" };
    const release = outlives && !(isBroken && !isLeaving) ? reserveKeepalive(utf8Bytes(body)) : undefined;
    try {
      const response = await (fetch ?? globalThis.fetch)(url, {
        method: "POST",
        redirect: "manual",
        body,
        keepalive: release !== undefined,
        signal,
        ...(credentials && { credentials }),
        ...(headers && { headers }),
      });
      answered?.(response);
      isBroken = false;
      return judgeAnswer(response, await response.text());
    } catch (error) {
      isBroken = release !== undefined && error instanceof TypeError;
      const reason = `no answer: ${error instanceof Error ? error.message : error}`;
      return wasOffline
        ? { kind: "unavailable", reason }
        : { state: "unsure", reason, timeout: signal.aborted };
    } finally {
      release?.();
    }
  };
};

/** Whether the page is prerendered. Such a page must send nothing. */
export const isPrerendered = (): boolean =>
  typeof document === "object" && "prerendering" in document && document.prerendering === true;
