// Holds the dashboard's events open while events stream in, and prints what the page's memory comes to after each collection of
// garbage, and how long a search among the tenants takes. Ends with 1 when the last quarter of the memory is more than a fifth over the
// first one, when fewer events came than asked, or when the median search is too slow.
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { findChromium, NO_CHROMIUM } from "../../../../scripts/find-chromium.ts";
import { createSandbox } from "../sandbox.ts";
import { sendSteadily } from "./send-steadily.ts";

const HELP = `pnpm --filter @meter-lib/sandbox live-stream [--seconds 300] [--rate 10000] [--tenants 10000]

  --seconds  how long
  --rate     events a second
  --tenants  how many tenants they come from`;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: "string", default: "300" },
    rate: { type: "string", default: "10000" },
    tenants: { type: "string", default: "10000" },
    help: { type: "boolean", default: false },
  },
});

const SAMPLES = 20;
const MAX_GROWTH = 1.2;
/** Of the rate asked for. */
const MIN_REACHED = 0.95;
/** In the page, from the request to the answer. */
const MAX_SEARCH_MS = 100;
const MIB = 1_048_576;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const main = async (): Promise<void> => {
  const [seconds, rate, count] = [Number(flags.seconds), Number(flags.rate), Number(flags.tenants)];
  const found = await findChromium();
  if (found === undefined) throw new Error(NO_CHROMIUM);
  const tenants = Object.fromEntries(Array.from({ length: count }, (_, n) => [`tenant_${n}`, `cust_${n}`]));
  await using sandbox = await createSandbox({ tenants });
  const browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
  const page = await browser.newPage();
  await page.goto(`${sandbox.url}/#/events`);
  await page.getByText("live", { exact: true }).waitFor();
  const session = await page.context().newCDPSession(page);
  const heapMib = async (): Promise<number> => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize / MIB;
  };

  /** Searches the tenants, and returns how long the page waited for the answer, in milliseconds. */
  const search = async (part: string): Promise<number> => {
    await page.evaluate("performance.clearResourceTimings()");
    await page.getByRole("combobox", { name: "Tenant" }).first().fill(part);
    await page.getByRole("option", { name: part, exact: true }).waitFor();
    await page.keyboard.press("Escape");
    const asked = 'name.includes("tenants?search=")';
    return Number(
      await page.evaluate(
        `performance.getEntriesByType("resource").find(({ name }) => ${asked})?.duration ?? Number.NaN`,
      ),
    );
  };

  const meters = ["page.processed.basic"];
  await using _ = sendSteadily({ url: sandbox.url, rate, meters, tenants: count, customers: count });
  const heaps: number[] = [];
  const searches: number[] = [];
  let reached = 0;
  const started = performance.now();
  for (let sample = 0; sample < SAMPLES; sample++) {
    // To collect the garbage takes a while of its own.
    await wait(Math.max(0, started + ((sample + 1) * seconds * 1000) / SAMPLES - performance.now()));
    const heap = await heapMib();
    heaps.push(heap);
    const found = await search(`tenant_${count - 1 - sample}`);
    searches.push(found);
    const passed = (performance.now() - started) / 1000;
    reached = sandbox.usage().reduce((sum, { events }) => sum + events, 0) / passed;
    const rows = await page.locator("tbody tr").count();
    console.log(
      `${passed.toFixed(0).padStart(5)} s  ${Math.round(reached)} events/s  ${rows} rows  ${heap.toFixed(1)} MiB  search ${found.toFixed(0)} ms`,
    );
  }
  await browser.close();
  const quarter = SAMPLES / 4;
  const growth = mean(heaps.slice(-quarter)) / mean(heaps.slice(0, quarter));
  console.log(`reached ${Math.round(reached)} events/s, of ${rate} asked for`);
  console.log(`last quarter / first quarter: ${growth.toFixed(2)}, of ${MAX_GROWTH} allowed`);
  const searched = searches.toSorted((a, b) => a - b)[SAMPLES / 2] ?? 0;
  console.log(`half of the searches took less than ${searched.toFixed(0)} ms, of ${MAX_SEARCH_MS} allowed`);
  if (searched > MAX_SEARCH_MS || growth > MAX_GROWTH || reached < MIN_REACHED * rate) process.exitCode = 1;
};

if (flags.help) console.log(HELP);
else await main();
