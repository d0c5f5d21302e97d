/** Returns a function that returns whether the page is hidden or closing. */
export const watchClosing = (): (() => boolean) => {
  if (typeof document !== "object") return () => false;
  let left = false;
  // The document may still be visible during `pagehide`.
  addEventListener("pagehide", () => {
    left = true;
  });
  addEventListener("pageshow", () => {
    left = false;
  });
  return () => left || document.visibilityState === "hidden";
};
