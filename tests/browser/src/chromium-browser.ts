import type { FoundChromium } from "../../../scripts/find-chromium.ts";
import { openPage, type PageBrowser } from "./browser-page.ts";
import { connectCdp } from "./cdp.ts";
import { announced, spawnBrowser } from "./spawn-browser.ts";

export const startChromium = async (
  { executablePath, args }: FoundChromium,
  profile: string,
): Promise<PageBrowser> => {
  const { child, kill } = spawnBrowser(executablePath, [
    ...args,
    "--headless=new",
    `--user-data-dir=${profile}`,
    "--remote-debugging-port=0",
    "about:blank",
  ]);
  const cdp = await connectCdp(await announced(child, /DevTools listening on (ws:\S+)/));
  return {
    can: new Set(["freeze", "offline", "evict", "be killed"]),
    newPage: (url) => openPage(cdp, url),
    kill: async () => {
      await kill();
      cdp.close();
    },
  };
};
