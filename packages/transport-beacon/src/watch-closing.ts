/** Tells whether the page is hidden or about to close. */
export const watchClosing = (): (() => boolean) => {
  if (typeof document !== "object") return () => false;
  let left = false;
  // While `pagehide` is handled the document may still call itself visible.
  addEventListener("pagehide", () => {
    left = true;
  });
  addEventListener("pageshow", () => {
    left = false;
  });
  return () => left || document.visibilityState === "hidden";
};
