import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { chromium as playwright } from "playwright";
import { browserBundle } from "../../packages/meter-lib/browser-bundle.ts";
import type { FoundChromium } from "../../scripts/find-chromium.ts";
import { type SelfTime, selfTimes } from "../profile/self-times.ts";

/** What `meter-lib/browser` makes for pages: with a database, and without. */
export const METERS = ["createBrowserMeter", "createVolatileBrowserMeter"] as const;

export interface PageCost {
  /** To load and run the module. */
  readonly loadMs: number;
  readonly recordMicros: number;
  readonly longestRunMs: number;
  readonly mainThreadMicros: number;
  /** Of object stores, for each event. */
  readonly databaseCalls: number;
  readonly lost: number;
  /** Where the time went, of a run that was profiled. */
  readonly selfTimes: readonly SelfTime[];
}

/** How events come: so many at once, and so many milliseconds between. */
export interface Pace {
  readonly run: number;
  readonly pauseMs: number;
}

/** What the page runs. Its clock ticks every 5 µs, so a run is timed and not a call. */
const pageScript = (meter: string): string => `
globalThis.databaseCalls = 0;
for (const name of ["add", "put", "get", "getAll", "getAllKeys", "delete", "count"]) {
  const call = IDBObjectStore.prototype[name];
  IDBObjectStore.prototype[name] = function (...given) {
    globalThis.databaseCalls++;
    return call.apply(this, given);
  };
}
let client;
globalThis.load = async () => {
  const startedAt = performance.now();
  const { ${meter} } = await import("/meter.js");
  client = ${meter}({ relayUrl: "/meter", tenant_id: "tenant_123", token: () => "token", limits: { maxEvents: 1e6, maxBytes: 1e9 } });
  return performance.now() - startedAt;
};
globalThis.record = async (events, RUN, pauseMs) => {
  const runs = [];
  globalThis.databaseCalls = 0;
  for (let made = 0; made < events; made += RUN) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const startedAt = performance.now();
    for (let index = 0; index < RUN; index++) client.record({ meter_id: "page.processed.basic", total_usage: 1 });
    runs.push(performance.now() - startedAt);
  }
  if (!(await client.flush({ timeoutMs: 60000 }))) throw new Error("not delivered in a minute");
  runs.sort((a, b) => a - b);
  return { median: runs[runs.length >> 1], longest: runs.at(-1) };
};
globalThis.ready = true;`;

/** Loads a page with a meter in a fresh browser, records so many events and waits until the relay has them. */
export const pageCost = async (
  { executablePath, args }: FoundChromium,
  meter: (typeof METERS)[number],
  events: number,
  { run, pauseMs }: Pace,
  isProfiled = false,
): Promise<PageCost> => {
  const site = await serve(meter, isProfiled);
  const browser = await playwright.launch({ executablePath, args: [...args] });
  try {
    const page = await browser.newPage();
    await page.goto(site.url);
    await page.waitForFunction("globalThis.ready");
    const session = await page.context().newCDPSession(page);
    // The processor time of the thread: others on the machine do not count.
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const mainThreadSeconds = async (): Promise<number> => {
      const { metrics } = await session.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
    };
    const loadMs = await page.evaluate<number>("globalThis.load()");
    await page.evaluate(`globalThis.record(${run * 4}, ${run}, ${pauseMs})`);
    const arrivedBefore = site.arrived();
    if (isProfiled) {
      await session.send("Profiler.enable");
      await session.send("Profiler.start");
    }
    const before = await mainThreadSeconds();
    const { median, longest } = await page.evaluate<{ readonly median: number; readonly longest: number }>(
      `globalThis.record(${events}, ${run}, ${pauseMs})`,
    );
    const databaseCalls = await page.evaluate<number>("globalThis.databaseCalls");
    const seconds = (await mainThreadSeconds()) - before;
    const recorded = Math.ceil(events / run) * run;
    const profiled = isProfiled ? selfTimes((await session.send("Profiler.stop")).profile) : [];
    return {
      loadMs,
      recordMicros: (median * 1_000) / run,
      longestRunMs: longest,
      mainThreadMicros: (seconds * 1e6) / recorded,
      databaseCalls: databaseCalls / recorded,
      lost: recorded - (site.arrived() - arrivedBefore),
      selfTimes: profiled,
    };
  } finally {
    await browser.close();
    site.close();
  }
};

/** Alone in its process, a page gets the finer clock. */
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** The page's server, which is its relay too. */
const serve = async (meter: string, hasNames: boolean) => {
  const { code } = await browserBundle(`export { ${meter} } from "meter-lib/browser";`, !hasNames);
  let arrived = 0;
  const answers: Readonly<Record<string, readonly [type: string, body: string]>> = {
    "/": [
      "text/html",
      `<!doctype html><title>bench</title><script type="module">${pageScript(meter)}</script>`,
    ],
    "/meter.js": ["text/javascript", code],
  };
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      const batch: unknown = JSON.parse(await text(request));
      const results = eventIds(batch).map((event_id) => ({ event_id, state: "accepted" }));
      arrived += results.length;
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ results }));
      return;
    }
    const [type, body] = answers[request.url ?? ""] ?? ["text/plain", ""];
    response.writeHead(body === "" ? 404 : 200, { "content-type": type, ...ISOLATED }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    arrived: () => arrived,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

const eventIds = (batch: unknown): readonly unknown[] => {
  const events = typeof batch === "object" && batch !== null && "events" in batch ? batch.events : undefined;
  if (!Array.isArray(events)) throw new Error("the page posted no batch");
  return events.map(({ event_id }) => event_id);
};
