import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserPage, PageBrowser } from "./browser-page.ts";
import { announced, spawnBrowser } from "./spawn-browser.ts";

const PREFERENCES = {
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  // A browser that was killed starts again without a question.
  "toolkit.startup.max_resumed_crashes": -1,
  "browser.sessionstore.resume_from_crash": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "app.update.auto": false,
  "dom.disable_open_during_load": false,
};

/** Firefox, over WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/), which it speaks itself. */
export const startFirefox = async (executablePath: string, profile: string): Promise<PageBrowser> => {
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${value});`,
  );
  await writeFile(join(profile, "user.js"), lines.join("\n"));
  const { child, kill } = spawnBrowser(executablePath, [
    "--headless",
    "--no-remote",
    "--profile",
    profile,
    "--remote-debugging-port=0",
    "about:blank",
  ]);
  const send = await connect(`${await announced(child, /WebDriver BiDi listening on (ws:\S+)/)}/session`);
  await send("session.new", { capabilities: {} });
  return {
    can: new Set(["offline", "be killed"]),
    newPage: async (url) => {
      const { context } = await send("browsingContext.create", { type: "tab" });
      const page = pageOf(send, String(context));
      await page.goto(url);
      return page;
    },
    kill,
  };
};

type Send = (method: string, params: object) => Promise<Readonly<Record<string, unknown>>>;

const connect = async (endpoint: string): Promise<Send> => {
  const socket = new WebSocket(endpoint);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error(`no connection to ${endpoint}`)), { once: true });
  });
  let lastId = 0;
  const calls = new Map<number, PromiseWithResolvers<Readonly<Record<string, unknown>>>>();
  socket.addEventListener("message", ({ data }) => {
    const { id, type, result, message } = JSON.parse(String(data));
    const call = calls.get(id);
    calls.delete(id);
    if (type === "error") call?.reject(new Error(message));
    else call?.resolve(result);
  });
  socket.addEventListener("close", () => {
    for (const call of calls.values()) call.reject(new Error("the browser is gone"));
    calls.clear();
  });
  return (method, params) => {
    const call = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    lastId++;
    if (socket.readyState === WebSocket.OPEN) {
      calls.set(lastId, call);
      socket.send(JSON.stringify({ id: lastId, method, params }));
    } else call.reject(new Error("the browser is gone"));
    return call.promise;
  };
};

const pageOf = (send: Send, context: string): BrowserPage => {
  const evaluate = async (expression: string, awaitPromise: boolean): Promise<string> => {
    const { result, exceptionDetails } = await send("script.evaluate", {
      expression,
      target: { context },
      awaitPromise,
      userActivation: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    const { value = "null" } = Object(result);
    return String(value);
  };
  const run: BrowserPage["run"] = async (script, { wait = true } = {}) => {
    if (!wait) {
      // The page may go away before it answers.
      await evaluate(`(0, eval)(${JSON.stringify(script)}); "null"`, false).catch(() => {});
      return JSON.parse("null");
    }
    const expression = `(async () => JSON.stringify((await (0, eval)(${JSON.stringify(script)})) ?? null))()`;
    return JSON.parse(await evaluate(expression, true));
  };
  return {
    run,
    goto: async (url) => void (await send("browsingContext.navigate", { context, url, wait: "complete" })),
    back: async () => {
      const left = await run<string>("location.href");
      await send("browsingContext.traverseHistory", { context, delta: -1 });
      for (;;) {
        const there = await run<string>("document.readyState === 'complete' ? location.href : ''").catch(
          () => "",
        );
        if (there !== "" && there !== left) return;
      }
    },
    show: async () => void (await send("browsingContext.activate", { context })),
    setFrozen: unable,
    setOffline: async (isOffline) =>
      void (await send("emulation.setNetworkConditions", {
        contexts: [context],
        networkConditions: isOffline ? { type: "offline" } : null,
      })),
    clearStorage: unable,
    close: async () => void (await send("browsingContext.close", { context })),
  };
};

const unable = async (): Promise<void> => {
  throw new Error("Firefox's driver has no such command");
};
