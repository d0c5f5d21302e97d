import type { BeaconTransportOptions } from "./beacon-transport-options.ts";
import { judgeAnswer, type Verdict } from "./judge-answer.ts";
import { reserveKeepalive } from "./keepalive-ledger.ts";
import { utf8Bytes } from "./page-body.ts";

export type PagePostOptions = Pick<BeaconTransportOptions, "url" | "credentials" | "fetch">;

export interface PagePostContext {
  /** @default none: `fetch` says `text/plain;charset=UTF-8` of text */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The page closes, so that only a beacon, which has no headers, may get through where keepalive is missing. */
  readonly isLeaving: boolean;
  readonly answered?: (response: Response) => void;
}

/** Posts a body once; the request starts before this returns. */
export type PagePost = (body: string, context: PagePostContext) => Promise<Verdict>;

/** Posts to the relay of a page, in requests that outlive the page. */
export const pagePost =
  ({ url, credentials, fetch }: PagePostOptions): PagePost =>
  async (body, { headers, signal, isLeaving, answered }) => {
    const { navigator } = globalThis;
    const wasOffline = navigator?.onLine === false;
    const exchange = async (keepalive: boolean): Promise<Verdict> => {
      const response = await (fetch ?? globalThis.fetch)(url, {
        method: "POST",
        redirect: "manual",
        body,
        keepalive,
        signal,
        ...(credentials && { credentials }),
        ...(headers && { headers }),
      });
      answered?.(response);
      return judgeAnswer(response, await response.text());
    };
    try {
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
      } else if (isLeaving && navigator.sendBeacon?.(url, body)) {
        return { state: "unsure", reason: "a beacon has no answer" };
      }
      return await exchange(false);
    } catch (error) {
      const reason = `no answer: ${error instanceof Error ? error.message : error}`;
      return wasOffline
        ? { kind: "unavailable", reason }
        : { state: "unsure", reason, timeout: signal.aborted };
    }
  };

/** Such a page is to send nothing. */
export const isPrerendered = (): boolean =>
  typeof document === "object" && "prerendering" in document && document.prerendering === true;
