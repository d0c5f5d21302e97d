// Takes the pictures of the dashboard in the README and the docs, in light and dark: the demo's hour of requests, stretched to a
// week, and a week before it with fewer of them, to compare with. `pnpm --filter @meter-lib/example-demo picture`, once the dashboard is built.
import { fileURLToPath } from "node:url";
import { createSandbox } from "@meter-lib/sandbox";
import { readTrace, type TraceRequest } from "@meter-lib/trace";
import { chromium } from "playwright";
import { findChromium, NO_CHROMIUM } from "../../../scripts/find-chromium.ts";
import { demoCatalog } from "./demo-catalog.ts";
import { tenantOf, tenants } from "./tenants.ts";

const DAY_MS = 86_400_000;
const END = Date.UTC(2026, 10, 30);
const WEEK_MS = 7 * DAY_MS;
/** Of so many requests, one is left out in the week before. */
const FEWER_BEFORE = 6;
const BATCH = 500;
/** As in the demo: batches whose answer was lost, so that they came twice. */
const CAME_TWICE = new Set([5, 15, 30]);
const WIDTH = 1180;
/** Below the chart, where the picture ends. */
const MARGIN = 16;
const IMAGES = fileURLToPath(new URL("../../../docs/images/", import.meta.url));

const trace = readTrace();
const [first, last] = [trace[0]?.time ?? 0, trace.at(-1)?.time ?? 1];
const stretched = (time: number, start: number): number =>
  Math.floor(start + ((time - first) / (last - first)) * (WEEK_MS - 1));

const recordOf = ({ time, generatedTokens }: TraceRequest, n: number, start: number) => {
  const tenant_id = tenantOf(n);
  return {
    value: {
      meter_id: "llm.generated.tokens",
      customer_id: tenants[tenant_id],
      total_usage: generatedTokens,
      event_time: stretched(time, start),
      metadata: { "meter.tenant_id": tenant_id, "meter.event_id": `request-${start}-${n}` },
    },
  };
};

let now = END - 2 * WEEK_MS;
await using sandbox = await createSandbox({ tenants, catalog: demoCatalog, clock: { now: () => now } });

const replay = async (start: number, requests: readonly TraceRequest[]): Promise<void> => {
  for (let n = 0; n < requests.length; n += BATCH) {
    const batch = requests.slice(n, n + BATCH);
    now = stretched(batch.at(-1)?.time ?? first, start);
    const records = batch.map((request, place) => recordOf(request, n + place, start));
    for (let times = CAME_TWICE.has(n / BATCH) ? 2 : 1; times > 0; times--) {
      const answer = await fetch(`${sandbox.url}/topics/usage-events`, {
        method: "POST",
        headers: { "content-type": "application/vnd.kafka.json.v2+json" },
        body: JSON.stringify({ records }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    }
  }
};
await replay(
  END - 2 * WEEK_MS,
  trace.filter((_, n) => n % FEWER_BEFORE !== 0),
);
await replay(END - WEEK_MS, trace);

const found = await findChromium();
if (found === undefined) throw new Error(NO_CHROMIUM);
const browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
for (const colorScheme of ["light", "dark"] as const) {
  const page = await browser.newPage({
    colorScheme,
    locale: "en-GB",
    timezoneId: "UTC",
    viewport: { width: WIDTH, height: 960 },
    deviceScaleFactor: 1.5,
  });
  await page.clock.setFixedTime(END - 1);
  await page.goto(`${sandbox.url}/#/usage`);
  await page.getByRole("cell", { name: "4 customers" }).waitFor();
  const chart = await page.getByRole("slider").boundingBox();
  if (chart !== null) await page.mouse.move(chart.x + chart.width * 0.3, chart.y + 140);
  await page.locator(".tooltip").waitFor();
  const card = await page.locator("section.card", { has: page.getByRole("slider") }).boundingBox();
  const height = card === null ? 0 : card.y + card.height + MARGIN;
  const path = `${IMAGES}dashboard-${colorScheme}.png`;
  await page.screenshot({ path, clip: { x: 0, y: 0, width: WIDTH, height } });
  console.log(path);
}
await browser.close();
