/** The part of a `MeterClient` that page-life delivery needs. */
export interface PageLifeClient {
  /** @param event - the event that hides or ends the page */
  sendNow(event: Event): void;
  retryNow(): void;
}

/**
 * Sends pending events when the page is hidden, frozen or left, before the event handler returns: there may be no later chance. Resumes
 * delivery when the page returns (from the back/forward cache, a freeze or prerendering) or the network does. Does nothing without a
 * document.
 *
 * @returns a function that removes the listeners
 */
export const deliverThroughPageLife = (client: PageLifeClient): (() => void) => {
  if (typeof document !== "object") return () => {};
  const listening = new AbortController();
  const listen = (names: string, handler: (event: Event) => void) => {
    // Some fire at the document, `pagehide` only at the window: a capturing listener sees both.
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

/** Whether the page enters or leaves the back/forward cache. */
export const isKept = (event: Event): boolean => "persisted" in event && event.persisted === true;
