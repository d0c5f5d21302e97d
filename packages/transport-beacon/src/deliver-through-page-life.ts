/** What page-life delivery needs of a client: a `MeterClient` has it. */
export interface PageLifeClient {
  sendNow(): void;
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
  const options = { signal: listening.signal };
  const send = () => client.sendNow();
  const retry = () => client.retryNow();
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "hidden") send();
    },
    options,
  );
  document.addEventListener("freeze", send, options);
  document.addEventListener("resume", retry, options);
  document.addEventListener("prerenderingchange", retry, options);
  // On the window: `pagehide` never reaches the document.
  addEventListener("pagehide", send, options);
  addEventListener(
    "pageshow",
    ({ persisted }) => {
      if (persisted) retry();
    },
    options,
  );
  addEventListener("online", retry, options);
  return () => listening.abort();
};
