import type { PageEvents } from "./page-events.ts";

/** Calls handlers. One that throws or rejects is reported like the page's other errors, and does not affect delivery. */
export const pageEmitter = () => {
  const target = new EventTarget();
  return {
    on: <Name extends keyof PageEvents>(
      name: Name,
      handler: (payload: PageEvents[Name]) => void,
    ): (() => void) => {
      const listener = (event: Event) => {
        if (event instanceof CustomEvent) void (async () => handler(event.detail))().catch(report);
      };
      target.addEventListener(name, listener);
      return () => target.removeEventListener(name, listener);
    },
    emit: (name: keyof PageEvents | "discarded", detail: object): void => {
      target.dispatchEvent(new CustomEvent(name, { detail }));
    },
  };
};

// A server that renders the page has no `reportError`.
const report = (error: unknown): void => (globalThis.reportError ?? console.error)(error);

export type Emit = ReturnType<typeof pageEmitter>["emit"];
