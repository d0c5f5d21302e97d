import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { FoundChromium } from "../../../scripts/find-chromium.ts";
import { type BrowserPage, openPage, type PageOptions } from "./browser-page.ts";
import { connectCdp } from "./cdp.ts";

/** A real browser on a profile of its own. */
export interface PageBrowser {
  newPage(url: string, options?: PageOptions): Promise<BrowserPage>;
  /** SIGKILL to all its processes. */
  kill(): Promise<void>;
}

export const startBrowser = async (
  { executablePath, args }: FoundChromium,
  profile: string,
): Promise<PageBrowser> => {
  const child = spawn(
    executablePath,
    [...args, "--headless=new", `--user-data-dir=${profile}`, "--remote-debugging-port=0", "about:blank"],
    { detached: true, stdio: ["ignore", "ignore", "pipe"] },
  );
  const exited = once(child, "exit");
  const killGroup = () => {
    // The group: the browser's helpers are not to finish anything for it.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, "SIGKILL");
    }
  };
  // No browser outlives its driver.
  process.once("exit", killGroup);
  const cdp = await connectCdp(await endpointOf(child));
  return {
    newPage: (url, options) => openPage(cdp, url, options),
    kill: async () => {
      killGroup();
      await exited;
      process.off("exit", killGroup);
      cdp.close();
    },
  };
};

const endpointOf = async (child: ChildProcess): Promise<string> => {
  if (child.stderr === null) throw new Error("no stderr to read");
  for await (const line of createInterface({ input: child.stderr })) {
    const [, endpoint] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (endpoint !== undefined) {
      child.stderr.resume();
      return endpoint;
    }
  }
  throw new Error("the browser ended before it listened");
};
