import type { PageEvents } from "./page-events.ts";

/** Tells handlers what happens. What a handler throws is reported as the page's other errors are, and breaks nothing. */
export const pageEmitter = () => {
  const target = new EventTarget();
  return {
    on: <Name extends keyof PageEvents>(
      name: Name,
      handler: (payload: PageEvents[Name]) => void,
    ): (() => void) => {
      const listener = (event: Event) => {
        if (event instanceof CustomEvent) handler(event.detail);
      };
      target.addEventListener(name, listener);
      return () => target.removeEventListener(name, listener);
    },
    emit: (name: keyof PageEvents | "discarded", detail: object): void => {
      target.dispatchEvent(new CustomEvent(name, { detail }));
    },
  };
};

export type Emit = ReturnType<typeof pageEmitter>["emit"];
