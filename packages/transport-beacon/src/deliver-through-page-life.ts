/** The part of a client that page-life delivery needs; a `MeterClient` has it. */
export interface PageLifeClient {
  sendNow(): void;
  retryNow(): void;
}

export interface PageLifeHooks {
  /** Called when the page is hidden or left; with `isSleep` it is frozen, or enters the back/forward cache. */
  leave(isSleep: boolean): void;
}

/**
 * Sends pending events when the page is hidden, frozen or left, before the event handler returns: there may be no later chance. What
 * the page's own handlers of `pagehide` record is sent with `visibilitychange`, which follows. Resumes delivery when the page returns (from the back/forward cache, a
 * freeze or prerendering) or the network does. Does nothing without a document.
 *
 * @returns a function that removes the listeners
 *
 * @example
 * ```ts
 * const stop = deliverThroughPageLife(client);
 * ```
 */
export const deliverThroughPageLife = (client: PageLifeClient, hooks?: PageLifeHooks): (() => void) => {
  if (typeof document !== "object") return () => {};
  const listening = new AbortController();
  const { signal } = listening;
  const listen = (names: string, handler: (event: Event) => void) => {
    // Some fire at the document, `pagehide` only at the window: a capturing listener sees both.
    for (const name of names.split(" ")) addEventListener(name, handler, { capture: true, signal });
  };
  let isEnteringCache = false;
  listen("visibilitychange pagehide freeze", (event) => {
    const isHidden = document.visibilityState === "hidden";
    if (event.type === "visibilitychange" && !isHidden) return;
    client.sendNow();
    isEnteringCache ||= isKept(event);
    // Until a visible page hears that it is hidden, its own handlers of `pagehide` may record.
    hooks?.leave(event.type === "freeze" || (isEnteringCache && isHidden));
  });
  listen("resume prerenderingchange online pageshow", (event) => {
    isEnteringCache = false;
    if (event.type !== "pageshow" || isKept(event)) client.retryNow();
  });
  return () => listening.abort();
};

/** Whether the page enters or leaves the back/forward cache. */
const isKept = (event: Event): boolean => "persisted" in event && event.persisted === true;
