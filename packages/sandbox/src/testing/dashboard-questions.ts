import { chromium, type Page } from "playwright";
import { findChromium, NO_CHROMIUM } from "../../../../scripts/find-chromium.ts";

/** A place of the dashboard, and what a reader does there. */
export interface Visit {
  /** What the table calls it. */
  readonly name: string;
  /** The address behind `#/`. */
  readonly at: string;
  readonly act?: (page: Page) => Promise<void>;
}

/** Everything that the dashboard asks, by path below `/sandbox/v1/`, each with the visit that asked it first. */
export interface DashboardQuestions {
  readonly asked: ReadonlyMap<string, string>;
  /** The files that it offers. */
  readonly files: ReadonlyMap<string, string>;
}

const API = "/sandbox/v1/";
/** A page that has asked nothing for so long has asked everything: it asks one thing after another, and again every two seconds. */
const QUIET_MS = 400;

/** Opens the built dashboard in Chromium, goes through the visits and writes down every request. */
export const dashboardQuestions = async (
  url: string,
  now: number,
  visits: readonly Visit[],
): Promise<DashboardQuestions> => {
  const found = await findChromium();
  if (found === undefined) throw new Error(NO_CHROMIUM);
  const asked = new Map<string, string>();
  const files = new Map<string, string>();
  const browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
  try {
    for (const { name, at, act } of visits) {
      // A page of its own, so that nothing of the visit before is asked again.
      const page = await browser.newPage({ timezoneId: "Europe/Berlin" });
      await page.clock.setFixedTime(now);
      let waiting = 0;
      let last = performance.now();
      page.on("request", (request) => {
        if (!request.url().includes(API) || request.resourceType() !== "fetch") return;
        const path = request.url().slice(request.url().indexOf(API) + API.length);
        if (request.method() === "GET" && !asked.has(path)) asked.set(path, name);
        waiting++;
        last = performance.now();
      });
      const answered = (): void => {
        waiting = Math.max(0, waiting - 1);
        last = performance.now();
      };
      page.on("requestfinished", answered);
      page.on("requestfailed", answered);
      const quiet = async (): Promise<void> => {
        while (waiting > 0 || performance.now() - last < QUIET_MS) await page.waitForTimeout(50);
      };
      await page.goto(`${url}/#/${at}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await quiet();
      await act?.(page);
      await quiet();
      for (const link of await page.locator("a[download]").all()) {
        const path = (await link.getAttribute("href"))?.replace(/^.*sandbox\/v1\//, "");
        if (path !== undefined && !files.has(path)) files.set(path, name);
      }
      await page.close();
    }
  } finally {
    await browser.close();
  }
  return { asked, files };
};
