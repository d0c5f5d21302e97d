/**
 * Calls back when the page is left or put to sleep: nothing that other pages wait for may be kept. `isForLong`: it may come back
 * (from the back/forward cache, from being frozen), and neither locks nor a database are to be held meanwhile.
 */
export const watchPageSleep = (sleep: (isForLong: boolean) => void): (() => void) => {
  if (typeof document !== "object") return () => {};
  const listening = new AbortController();
  const options = { signal: listening.signal };
  addEventListener("pagehide", ({ persisted }) => sleep(persisted), options);
  document.addEventListener("freeze", () => sleep(true), options);
  return () => listening.abort();
};
