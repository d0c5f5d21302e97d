// Takes a picture of every view of the dashboard at three widths, light and dark, loading, unknown, empty and full, and looks for
// violations of accessibility in each. Ends with 1 where there is one, where a page is wider than the screen, or where it complains.
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import axe from "axe-core";
import { chromium, type Page } from "playwright";
import { findChromium, NO_CHROMIUM } from "../../../../scripts/find-chromium.ts";
import { createSandbox } from "../sandbox.ts";
import { createFullSandbox } from "./full-sandbox.ts";

const VIEWS = [
  "usage",
  "usage?compare=1&group=metadata.region",
  "meters",
  "meters/page.processed.basic",
  "customers",
  "customers/cust_1",
  "tenants/tenant_1",
  "events",
  "events/1",
  "events/1010",
  "delivery",
  "outbox",
  "outage",
  "send",
  "nowhere",
];
const WIDTHS = [1280, 768, 375];
const THEMES = ["light", "dark"] as const;
const STATES = ["full", "empty", "unknown", "loading"] as const;

const HELP = `pnpm --filter @meter-lib/sandbox pictures [--out FOLDER] [--view usage]... [--width 375]... [--theme dark]... [--state full]...

  Without a choice: all of them. The folder gets an index.html that shows the pictures side by side.
  --out    where the pictures go (default: pictures)
  --view   the part of the address after #/
  --width  in pixels: ${WIDTHS.join(", ")}
  --theme  ${THEMES.join(", ")}
  --state  ${STATES.join(", ")}`;

const { values: flags } = parseArgs({
  options: {
    out: { type: "string", default: "pictures" },
    view: { type: "string", multiple: true, default: VIEWS },
    width: { type: "string", multiple: true, default: WIDTHS.map(String) },
    theme: { type: "string", multiple: true, default: [...THEMES] },
    state: { type: "string", multiple: true, default: [...STATES] },
    help: { type: "boolean", default: false },
  },
});

type State = (typeof STATES)[number];

/** Keeps the page in a state, and returns once it is seen there. */
const show = async (page: Page, url: string, state: State): Promise<void> => {
  if (state === "unknown") await page.route(/\/sandbox\/v1\//, (route) => route.abort());
  if (state === "loading") await page.route(/\/sandbox\/v1\//, () => undefined);
  await page.goto(url);
  await page.locator("main h1").first().waitFor();
  if (state === "full" || state === "empty") {
    await page.locator(".skeleton").first().waitFor({ state: "detached" });
  }
};

/** What is wrong with the page as it is. */
const problemsOf = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(axe.source);
  const violations: string[] = await page.evaluate(
    "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join(' ')))",
  );
  const excess = Number(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
  return excess > 0 ? [...violations, `${excess} px wider than the screen`] : violations;
};

const sheet = (names: readonly string[]): string =>
  `<!doctype html><meta charset="utf-8"><title>Pictures of the dashboard</title>
<style>body{font:14px sans-serif;display:flex;flex-wrap:wrap;gap:12px;align-items:start}figure{margin:0}img{border:1px solid #888;max-height:900px;max-width:440px}</style>
${names.map((name) => `<figure><figcaption>${name}</figcaption><a href="${name}.png"><img src="${name}.png" alt=""></a></figure>`).join("\n")}`;

const main = async (): Promise<void> => {
  const found = await findChromium();
  if (found === undefined) throw new Error(NO_CHROMIUM);
  const folder = resolve(flags.out);
  await mkdir(folder, { recursive: true });
  await using full = await createFullSandbox();
  await using empty = await createSandbox();
  const browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
  const names: string[] = [];
  let problems = 0;
  const complain = (name: string, words: string): void => {
    problems++;
    console.log(`${name}: ${words}`);
  };
  for (const state of STATES.filter((one) => flags.state.includes(one)))
    for (const width of flags.width.map(Number))
      for (const colorScheme of THEMES.filter((one) => flags.theme.includes(one)))
        for (const view of flags.view) {
          const name = `${view.replaceAll(/[^\w.]+/g, "-")}-${state}-${width}-${colorScheme}`;
          const page = await browser.newPage({
            colorScheme,
            locale: "en-GB",
            timezoneId: "Europe/Berlin",
            viewport: { width, height: 800 },
          });
          page.on("pageerror", (error) => complain(name, error.message));
          const { url } = state === "empty" ? empty : full.sandbox;
          await show(page, `${url}/#/${view}`, state);
          for (const problem of await problemsOf(page)) complain(name, problem);
          await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
          await page.close();
          names.push(name);
        }
  await browser.close();
  await writeFile(join(folder, "index.html"), sheet(names));
  console.log(`${names.length} pictures in ${folder}, ${problems} problems`);
  if (problems > 0) process.exitCode = 1;
};

if (flags.help) console.log(HELP);
else await main();
