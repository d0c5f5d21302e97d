import { freePort } from "../../../scripts/test/free-port.ts";
import type { BrowserPage, PageBrowser } from "./browser-page.ts";
import { announced, spawnBrowser } from "./spawn-browser.ts";

/** The MiniBrowser of WebKitGTK, over WebDriver (https://www.w3.org/TR/webdriver2/), on a screen of its own. */
export const startWebKit = async (programs: {
  readonly driver: string;
  readonly browser: string;
  readonly screen: string;
}): Promise<PageBrowser> => {
  const screen = spawnBrowser(programs.screen, ["-displayfd", "2", "-screen", "0", "1024x768x24"]);
  const display = await announced(screen.child, /^(\d+)$/);
  const port = await freePort();
  const driver = spawnBrowser(programs.driver, [`--port=${port}`], {
    DISPLAY: `:${display}`,
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
  });
  const send = commands(`http://127.0.0.1:${port}`);
  const options = {
    binary: programs.browser,
    args: ["--automation", "--javascript-can-open-windows-automatically=true"],
  };
  const { sessionId } = await listening(() =>
    send("POST", "/session", { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } }),
  );
  const session = `/session/${sessionId}`;
  await send("POST", `${session}/timeouts`, { script: 60_000, pageLoad: 60_000 });
  // A command is for the window that was last switched to: one at a time.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
  const [first] = await send("GET", `${session}/window/handles`);
  return {
    // Under automation it keeps nothing from one run to the next.
    can: new Set(["keep pages in a cache"]),
    newPage: async (url) => {
      const { handle } = await inTurn(async () => {
        await send("POST", `${session}/window`, { handle: first });
        // The driver cannot bring a tab to the front; a window is shown.
        return send("POST", `${session}/window/new`, { type: "window" });
      });
      const page = pageOf((method, path, body) =>
        inTurn(async () => {
          await send("POST", `${session}/window`, { handle });
          return send(method, `${session}${path}`, body);
        }),
      );
      await page.goto(url);
      return page;
    },
    kill: async () => {
      await inTurn(() => send("DELETE", session)).catch(() => {});
      await driver.kill();
      await screen.kill();
    },
  };
};

type Command = (
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: object,
) => Promise<ReturnType<typeof JSON.parse>>;

const commands =
  (origin: string): Command =>
  async (method, path, body = {}) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      ...(method === "POST" && { body: JSON.stringify(body) }),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(value.message);
    return value;
  };

const pageOf = (send: Command): BrowserPage => ({
  run: async (script, { wait = true } = {}) => {
    if (!wait) {
      // The page may go away before it answers.
      await send("POST", "/execute/sync", { script: `(0, eval)(arguments[0]);`, args: [script] }).catch(
        () => {},
      );
      return JSON.parse("null");
    }
    const text: string = await send("POST", "/execute/async", {
      script: `const [script, done] = arguments;
        (async () => JSON.stringify((await (0, eval)(script)) ?? null))().then(done, (error) => done("!" + error));`,
      args: [script],
    });
    if (text.startsWith("!")) throw new Error(text.slice(1));
    return JSON.parse(text);
  },
  goto: async (url) => void (await send("POST", "/url", { url })),
  back: async () => void (await send("POST", "/back")),
  // To switch to a window is to show it.
  show: async () => void (await send("GET", "/title")),
  setFrozen: unable,
  setOffline: unable,
  clearStorage: unable,
  close: async () => void (await send("DELETE", "/window")),
});

const unable = async (): Promise<void> => {
  throw new Error("WebKit's driver has no such command");
};

/** Asks until the driver listens. */
const listening = async <Value>(ask: () => Promise<Value>): Promise<Value> => {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
};
