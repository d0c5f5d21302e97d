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
  const listen = (target: EventTarget, names: string, handler: (event: Event) => void) => {
    for (const name of names.split(" ")) target.addEventListener(name, handler, listening);
  };
  const send = (event: Event) => client.sendNow(event);
  const retry = () => client.retryNow();
  listen(document, "visibilitychange", (event) => {
    if (document.visibilityState === "hidden") send(event);
  });
  listen(document, "freeze", send);
  listen(document, "resume prerenderingchange", retry);
  // On the window: `pagehide` never reaches the document.
  listen(globalThis, "pagehide", send);
  listen(globalThis, "pageshow", (event) => {
    if (isKept(event)) retry();
  });
  listen(globalThis, "online", retry);
  return () => listening.abort();
};

/** Whether the page goes into the back/forward cache, or comes out of it. */
export const isKept = (event: Event): boolean => "persisted" in event && event.persisted === true;
