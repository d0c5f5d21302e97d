export interface PageSleep {
  /** The page is left; it may be gone, or go on for a moment. */
  leave(): void;
  /** The page is frozen, or goes into the back/forward cache: neither locks nor a database are to be held meanwhile. */
  sleep(): void;
  wake(): void;
}

/** Tells when the page is left or put to sleep: nothing that other pages wait for may be kept. The returned function ends it. */
export const watchPageSleep = ({ leave, sleep, wake }: PageSleep): (() => void) => {
  if (typeof document !== "object") return () => {};
  const listening = new AbortController();
  const options = { signal: listening.signal };
  const isHidden = () => document.visibilityState === "hidden";
  let isEnteringCache = false;
  addEventListener(
    "pagehide",
    ({ persisted }) => {
      isEnteringCache = persisted;
      if (!persisted) leave();
      // Else once it hears that it is hidden: until then its own handlers of `pagehide` may record.
      else if (isHidden()) sleep();
    },
    options,
  );
  document.addEventListener("visibilitychange", () => isHidden() && isEnteringCache && sleep(), options);
  addEventListener(
    "pageshow",
    () => {
      isEnteringCache = false;
      wake();
    },
    options,
  );
  document.addEventListener("freeze", sleep, options);
  document.addEventListener("resume", wake, options);
  return () => listening.abort();
};
