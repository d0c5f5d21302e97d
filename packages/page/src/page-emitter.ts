import type { PageEvents } from "./page-events.ts";

/** Calls handlers. An error of a handler is reported like the page's other errors, and does not affect delivery. */
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
