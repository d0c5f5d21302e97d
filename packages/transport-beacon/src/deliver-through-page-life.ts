/** What page-life delivery needs of a client: a `MeterClient` has it. */
export interface PageLifeClient {
  /** @param event - what ends or hides the page */
  sendNow(event: Event): void;
  retryNow(): void;
}

/**
 * Sends what waits when the page is hidden, frozen or left, before the handler returns: there may be no later. Takes delivery up
 * again when the page comes back (from the back/forward cache, from being frozen, from prerendering) or the network does. Does
 * nothing where there is no document. The returned function ends it.
 */
export const deliverThroughPageLife = (client: PageLifeClient): (() => void) => {
  if (typeof document !== "object") return () => {};
  const listening = new AbortController();
  const listen = (names: string, handler: (event: Event) => void) => {
    // Some of them are fired at the document, `pagehide` only at the window: capturing sees both.
    const options = { capture: true, signal: listening.signal };
    for (const name of names.split(" ")) addEventListener(name, handler, options);
  };
  listen("visibilitychange pagehide freeze", (event) => {
    if (event.type !== "visibilitychange" || document.visibilityState === "hidden") client.sendNow(event);
  });
  listen("resume prerenderingchange online pageshow", (event) => {
    if (event.type !== "pageshow" || isKept(event)) client.retryNow();
  });
  return () => listening.abort();
};

/** Whether the page goes into the back/forward cache, or comes out of it. */
export const isKept = (event: Event): boolean => "persisted" in event && event.persisted === true;
