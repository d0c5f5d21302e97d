import type { BeaconTransportOptions } from "./beacon-transport-options.ts";
import { judgeAnswer, type Verdict } from "./judge-answer.ts";
import { reserveKeepalive } from "./keepalive-ledger.ts";
import { utf8Bytes } from "./page-body.ts";

export type PagePostOptions = Pick<BeaconTransportOptions, "url" | "contentType" | "credentials" | "fetch">;

export interface PagePostContext {
  readonly token: string | undefined;
  readonly signal: AbortSignal;
  /** The page closes, so that only a beacon may get through where keepalive is missing. */
  readonly isLeaving: boolean;
  readonly answered?: (response: Response) => void;
}

/** Posts a body once; the request starts before this returns. */
export type PagePost = (text: string, context: PagePostContext) => Promise<Verdict>;

/** Whether the token travels in the body. */
export const hasTokenInBody = ({ contentType = "text/plain" }: PagePostOptions): boolean =>
  contentType === "text/plain";

/** Posts to the relay of a page, in requests that outlive the page. */
export const pagePost = (options: PagePostOptions): PagePost => {
  const { contentType = "text/plain", credentials = "same-origin" } = options;
  const url = String(options.url);
  const isInBody = hasTokenInBody(options);

  return async (body, { token, signal, isLeaving, answered }) => {
    const { navigator } = globalThis;
    const wasOffline = navigator?.onLine === false;
    const exchange = async (keepalive: boolean): Promise<Verdict> => {
      const headers: Record<string, string> = { "content-type": `${contentType};charset=UTF-8` };
      if (!isInBody && token !== undefined) headers.authorization = `Bearer ${token}`;
      const request = {
        method: "POST",
        redirect: "manual",
        credentials,
        headers,
        body,
        keepalive,
        signal,
      } as const;
      const response = await (options.fetch ?? fetch)(url, request);
      answered?.(response);
      return judgeAnswer(response, await response.text());
    };
    try {
      if (typeof document === "object" && "prerendering" in document && document.prerendering === true)
        return { kind: "unavailable", reason: "the page is prerendered and not shown yet" };
      // Whether requests of this runtime may outlive their page.
      if ("keepalive" in Request.prototype) {
        const release = reserveKeepalive(utf8Bytes(body));
        if (release !== undefined) {
          try {
            return await exchange(true);
          } catch (error) {
            // The browser's word for a budget that others have used up, and for a broken network.
            if (!(error instanceof TypeError)) throw error;
          } finally {
            release();
          }
        }
        // A beacon sets no headers.
      } else if (isLeaving && isInBody && navigator.sendBeacon?.(url, body)) {
        return { state: "unsure", reason: "sent as a beacon, which has no answer" };
      }
      return await exchange(false);
    } catch (error) {
      const reason = `no answer: ${error instanceof Error ? error.message : error}`;
      return wasOffline
        ? { kind: "unavailable", reason }
        : { state: "unsure", reason, timeout: signal.aborted };
    }
  };
};
