import type { Cdp } from "./cdp.ts";

/** What only some browsers, or their drivers, can do. */
export type Ability = "freeze" | "offline" | "evict" | "be killed" | "hide a tab" | "keep pages in a cache";

/** A real browser on a profile of its own. */
export interface PageBrowser {
  readonly can: ReadonlySet<Ability>;
  newPage(url: string): Promise<BrowserPage>;
  /** SIGKILL to all its processes. */
  kill(): Promise<void>;
}

/** One tab. */
export interface BrowserPage {
  /** Runs a script in the page and answers its value; with `wait: false` nothing is waited for: the page may be gone. */
  run<Value>(script: string, options?: { readonly wait?: boolean }): Promise<Value>;
  goto(url: string): Promise<void>;
  back(): Promise<void>;
  show(): Promise<void>;
  setFrozen(frozen: boolean): Promise<void>;
  setOffline(offline: boolean): Promise<void>;
  clearStorage(origin: string): Promise<void>;
  close(): Promise<void>;
}

export const openPage = async (cdp: Cdp, url: string): Promise<BrowserPage> => {
  const { targetId } = await cdp.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await cdp.send("Target.attachToTarget", { targetId, flatten: true });
  const session = String(sessionId);
  const send = (method: string, params?: object) => cdp.send(method, { ...params }, session);
  await send("Page.enable");
  await send("Network.enable");

  const page: BrowserPage = {
    run: async <Value>(expression: string, { wait = true } = {}) => {
      const answered = send("Runtime.evaluate", {
        expression,
        awaitPromise: wait,
        returnByValue: wait,
        userGesture: true,
      });
      if (!wait) {
        // The page may go away before it answers.
        await answered.catch(() => {});
        return undefined as Value;
      }
      const { result, exceptionDetails } = await answered;
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: Value }).value;
    },
    goto: async (target) => {
      const loaded = cdp.next("Page.loadEventFired", session);
      await send("Page.navigate", { url: target });
      await loaded;
    },
    back: async () => {
      const { currentIndex, entries } = await send("Page.getNavigationHistory");
      const entry = (entries as { id: number }[])[Number(currentIndex) - 1];
      const navigated = cdp.next("Page.frameNavigated", session);
      await send("Page.navigateToHistoryEntry", { entryId: entry?.id });
      await navigated;
      // From the cache it is complete at once; else it is loaded anew.
      await page.run(`new Promise((resolve) => {
        if (document.readyState === "complete") resolve();
        else addEventListener("load", resolve);
      }).then(() => {})`);
    },
    show: () => send("Page.bringToFront").then(() => {}),
    setFrozen: (frozen) =>
      send("Page.setWebLifecycleState", { state: frozen ? "frozen" : "active" }).then(() => {}),
    setOffline: (offline) =>
      send("Network.emulateNetworkConditions", {
        offline,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: -1,
      }).then(() => {}),
    clearStorage: (origin) =>
      send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" }).then(() => {}),
    close: () => cdp.send("Target.closeTarget", { targetId }).then(() => {}),
  };
  await page.goto(url);
  return page;
};
