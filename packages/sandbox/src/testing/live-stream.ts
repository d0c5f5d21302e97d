// Holds the dashboard's events open while events stream in, and prints what the page's memory comes to after each collection of
// garbage. Ends with 1 when the last quarter of it is more than a fifth over the first one, or when fewer events came than asked.
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { findChromium, NO_CHROMIUM } from "../../../../scripts/find-chromium.ts";
import { createSandbox } from "../sandbox.ts";
import { postRecords } from "./post-events.ts";

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

const BATCH = 500;
const SAMPLES = 20;
const MAX_GROWTH = 1.2;
/** Of the rate asked for. */
const MIN_REACHED = 0.95;
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

  let sent = 0;
  const stop = new AbortController();
  const send = async (): Promise<void> => {
    const started = performance.now();
    while (!stop.signal.aborted) {
      const values = Array.from({ length: BATCH }, (_, place) => {
        const n = (sent + place) % count;
        return {
          meter_id: "page.processed.basic",
          customer_id: `cust_${n}`,
          total_usage: 1,
          metadata: { "meter.tenant_id": `tenant_${n}` },
        };
      });
      await postRecords(sandbox.url, values);
      sent += BATCH;
      const ahead = (sent / rate) * 1000 - (performance.now() - started);
      if (ahead > 0) await wait(ahead, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  const sending = send();
  const heaps: number[] = [];
  const started = performance.now();
  for (let sample = 0; sample < SAMPLES; sample++) {
    // To collect the garbage takes a while of its own.
    await wait(Math.max(0, started + ((sample + 1) * seconds * 1000) / SAMPLES - performance.now()));
    const heap = await heapMib();
    heaps.push(heap);
    const passed = (performance.now() - started) / 1000;
    const rows = await page.locator("tbody tr").count();
    console.log(
      `${passed.toFixed(0).padStart(5)} s  ${Math.round(sent / passed)} events/s  ${rows} rows  ${heap.toFixed(1)} MiB`,
    );
  }
  const reached = sent / ((performance.now() - started) / 1000);
  stop.abort();
  await sending;
  await browser.close();
  const quarter = SAMPLES / 4;
  const growth = mean(heaps.slice(-quarter)) / mean(heaps.slice(0, quarter));
  console.log(`reached ${Math.round(reached)} events/s, of ${rate} asked for`);
  console.log(`last quarter / first quarter: ${growth.toFixed(2)}, of ${MAX_GROWTH} allowed`);
  if (growth > MAX_GROWTH || reached < MIN_REACHED * rate) process.exitCode = 1;
};

if (flags.help) console.log(HELP);
else await main();
