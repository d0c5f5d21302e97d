import { existsSync } from "node:fs";
import { findChromium, NO_CHROMIUM } from "../../../scripts/find-chromium.ts";
import type { PageBrowser } from "./browser-page.ts";
import { startChromium } from "./chromium-browser.ts";
import { startFirefox } from "./firefox-browser.ts";
import { startWebKit } from "./webkit-browser.ts";

export const ENGINES = ["Chromium", "Firefox", "WebKit"] as const;
export type Engine = (typeof ENGINES)[number];

export type StartBrowser = (profile: string) => Promise<PageBrowser>;

const FIREFOX = "/usr/bin/firefox-esr";
const WEBKIT = {
  driver: "/usr/bin/WebKitWebDriver",
  browser: "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  screen: "/usr/bin/Xvfb",
};

/** How to start an engine on this machine, or what has to be installed for that. */
export const findEngine = async (engine: Engine): Promise<StartBrowser | string> => {
  if (engine === "Chromium") {
    const chromium = await findChromium();
    return chromium ? (profile) => startChromium(chromium, profile) : NO_CHROMIUM;
  }
  if (engine === "Firefox")
    return existsSync(FIREFOX)
      ? (profile) => startFirefox(FIREFOX, profile)
      : "Firefox is missing: apt-get install firefox-esr";
  return Object.values(WEBKIT).every((path) => existsSync(path))
    ? () => startWebKit(WEBKIT)
    : "WebKit is missing: apt-get install webkit2gtk-driver xvfb";
};
