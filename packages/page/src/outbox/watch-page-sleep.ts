export interface PageSleep {
  /** The page is left; it may end, or continue for a moment. */
  leave(): void;
  /** The page is frozen, or enters the back/forward cache: it must hold neither locks nor a database. */
  sleep(): void;
  wake(): void;
}

/** Reports when the page is left or suspended, so that it holds nothing that others wait for. The returned function stops it. */
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
