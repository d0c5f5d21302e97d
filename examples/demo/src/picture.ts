// Takes the pictures of the dashboard in the README and the docs, in light and dark: the demo's hour of requests, stretched to a
// week. `pnpm --filter @meter-lib/example-demo picture`, once the dashboard is built.
import { fileURLToPath } from "node:url";
import { createSandbox } from "@meter-lib/sandbox";
import { readTrace, type TraceRequest } from "@meter-lib/trace";
import { chromium } from "playwright";
import { findChromium, NO_CHROMIUM } from "../../../scripts/find-chromium.ts";
import { demoCatalog } from "./demo-catalog.ts";
import { tenantOf, tenants } from "./tenants.ts";

const DAY_MS = 86_400_000;
const END = Date.UTC(2026, 10, 30);
const START = END - 7 * DAY_MS;
const BATCH = 500;
/** As in the demo: batches whose answer was lost, so that they came twice. */
const CAME_TWICE = new Set([5, 15, 30]);
const IMAGES = fileURLToPath(new URL("../../../docs/images/", import.meta.url));

const trace = readTrace();
const [first, last] = [trace[0]?.time ?? 0, trace.at(-1)?.time ?? 1];
const stretched = (time: number): number =>
  Math.floor(START + ((time - first) / (last - first)) * (END - START - 1));

const recordOf = ({ time, generatedTokens }: TraceRequest, n: number) => {
  const tenant_id = tenantOf(n);
  return {
    value: {
      meter_id: "llm.generated.tokens",
      customer_id: tenants[tenant_id],
      total_usage: generatedTokens,
      event_time: stretched(time),
      metadata: { "meter.tenant_id": tenant_id, "meter.event_id": `request-${n}` },
    },
  };
};

let now = START;
await using sandbox = await createSandbox({ tenants, catalog: demoCatalog, clock: { now: () => now } });
for (let n = 0; n < trace.length; n += BATCH) {
  const requests = trace.slice(n, n + BATCH);
  now = stretched(requests.at(-1)?.time ?? first);
  const body = JSON.stringify({ records: requests.map((request, place) => recordOf(request, n + place)) });
  for (let times = CAME_TWICE.has(n / BATCH) ? 2 : 1; times > 0; times--) {
    const answer = await fetch(`${sandbox.url}/topics/usage-events`, {
      method: "POST",
      headers: { "content-type": "application/vnd.kafka.json.v2+json" },
      body,
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
}

const found = await findChromium();
if (found === undefined) throw new Error(NO_CHROMIUM);
const browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
for (const colorScheme of ["light", "dark"] as const) {
  const page = await browser.newPage({
    colorScheme,
    locale: "en-GB",
    timezoneId: "UTC",
    viewport: { width: 1180, height: 960 },
    deviceScaleFactor: 1.5,
  });
  await page.clock.setFixedTime(END - 1);
  await page.goto(`${sandbox.url}/#/usage`);
  await page.getByRole("cell", { name: "4 customers" }).waitFor();
  const chart = await page.getByRole("slider").boundingBox();
  if (chart !== null) await page.mouse.move(chart.x + chart.width * 0.3, chart.y + 140);
  await page.locator(".tooltip").waitFor();
  const path = `${IMAGES}dashboard-${colorScheme}.png`;
  await page.screenshot({ path });
  console.log(path);
}
await browser.close();
