import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import * as v from "valibot";
import type { Place } from "./place.ts";

/** How a page was left; its entry in the browser's history keeps it. */
const leftShape = v.object({
  y: v.number(),
  /** The link that had the focus: where it leads, and how far below the top of the window it was. */
  link: v.nullable(v.object({ href: v.string(), top: v.number() })),
});

/** Scrolling stops for so long before it is kept: browsers refuse to keep it too often. */
const STILL_MS = 150;

const INPUTS = ["wheel", "touchstart", "pointerdown", "keydown"] as const;

/** Of the links that lead where one did, the one nearest to where that was, and how far below it is. */
const nearestTo = ({ href, top }: { readonly href: string; readonly top: number }) =>
  [...document.querySelectorAll<HTMLAnchorElement>("main a")]
    .filter((link) => link.getAttribute("href") === href)
    .map((link) => ({ link, below: link.getBoundingClientRect().top - top }))
    .toSorted((a, b) => Math.abs(a.below) - Math.abs(b.below))[0];

const keep = (): void => {
  const { activeElement } = document;
  const href = activeElement?.matches("main a") ? activeElement.getAttribute("href") : null;
  const link =
    href === null || activeElement === null ? null : { href, top: activeElement.getBoundingClientRect().top };
  history.replaceState({ y: scrollY, link } satisfies v.InferOutput<typeof leftShape>, "");
};

/**
 * Shows another page from its beginning, and one that the reader comes back to as it was left, with the focus on the link that
 * led away. Answers come later than the page: it moves along until all of them are there, or the reader does something.
 */
export const useScroll = (main: RefObject<HTMLElement | null>, place: Place): void => {
  const shownHash = useRef(location.hash);
  const shownPage = useRef<string>(undefined);
  const settling = useRef(false);

  useEffect(() => {
    history.scrollRestoration = "manual";
    let timer: ReturnType<typeof setTimeout> | undefined;
    // Not while a page is being drawn: it would keep where that page is, under the address of another one.
    const keepNow = (): void => {
      clearTimeout(timer);
      if (!settling.current && location.hash === shownHash.current) keep();
    };
    const keepSoon = (): void => {
      clearTimeout(timer);
      timer = setTimeout(keepNow, STILL_MS);
    };
    addEventListener("scroll", keepSoon);
    addEventListener("click", keepNow, { capture: true });
    addEventListener("pagehide", keepNow);
    return () => {
      clearTimeout(timer);
      removeEventListener("scroll", keepSoon);
      removeEventListener("click", keepNow, { capture: true });
      removeEventListener("pagehide", keepNow);
    };
  }, []);

  useLayoutEffect(() => {
    const page = place.path.join("/");
    const isOther = shownPage.current !== undefined && shownPage.current !== page;
    shownPage.current = page;
    shownHash.current = location.hash;
    const found = v.safeParse(leftShape, history.state);
    if (isOther) main.current?.focus({ preventScroll: true });
    if (!found.success) {
      if (isOther) scrollTo(0, 0);
      keep();
      return;
    }
    const { y, link } = found.output;
    const settled = new AbortController();
    const settle = (): void => {
      scrollTo(0, y);
      const way = link === null ? undefined : nearestTo(link);
      if (way !== undefined) {
        // Of rows that moved on meanwhile, as those of a live list, the one that was followed stays where it was.
        scrollBy(0, way.below);
        way.link.focus({ preventScroll: true });
      }
      if (main.current?.querySelector(".skeleton") === null) settled.abort();
    };
    const observer = new MutationObserver(settle);
    settling.current = true;
    settled.signal.addEventListener("abort", () => {
      settling.current = false;
      observer.disconnect();
    });
    for (const input of INPUTS) addEventListener(input, () => settled.abort(), settled);
    if (main.current !== null) observer.observe(main.current, { childList: true, subtree: true });
    settle();
    return () => settled.abort();
  }, [main, place]);
};
