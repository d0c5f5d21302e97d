import { measureBrowserSizes } from "../../packages/meter-lib/browser-size.ts";
import { findChromium } from "../../scripts/find-chromium.ts";
import type { Measure } from "../harness/measure.ts";
import type { Row, Table } from "../harness/report.ts";
import { median, spread } from "../harness/statistics.ts";
import type { SelfTime } from "../profile/self-times.ts";
import { METERS, type Pace, type PageCost, pageCost } from "./page-cost.ts";

const PACES = {
  "50 every 10 ms": { run: 50, pauseMs: 10 },
  "one every 20 ms": { run: 1, pauseMs: 20 },
} as const satisfies Readonly<Record<string, Pace>>;
const PROFILED_PACE = "50 every 10 ms";
const FUNCTIONS = 12;

/** What a page pays. */
export const browser: Measure = {
  name: "browser",
  about: "bundle size, and main-thread time per event in Chromium where one is found",
  defaults: { rounds: 3, events: 2_000 },
  run: async ({ rounds, events }) => {
    const tables: Table[] = [{ title: "Bundle, minified", rows: await sizes() }];
    const chromium = await findChromium();
    if (chromium === undefined)
      return { tables, notes: ["Skipped: main-thread time, for no Chromium was found (CHROMIUM_PATH)."] };
    const readings = new Map<string, PageCost[]>();
    for (let round = 1; round <= rounds; round++)
      for (const [pace, shape] of Object.entries(PACES))
        for (const meter of METERS) {
          const name = `${meter}, ${pace}`;
          // Ten seconds of them say enough.
          const cost = await pageCost(
            chromium,
            meter,
            shape.run === 1 ? Math.min(events, 500) : events,
            shape,
          );
          readings.set(name, [...(readings.get(name) ?? []), cost]);
        }
    tables.push({
      title: "In the page",
      rows: [...readings].map(([name, costs]) => rowOf(name, costs)),
    });
    const profiled = await pageCost(chromium, "createBrowserMeter", events, PACES[PROFILED_PACE], true);
    tables.push({
      title: `Profile of createBrowserMeter, ${PROFILED_PACE}, not minified`,
      rows: profileRows(profiled.selfTimes, events),
    });
    return {
      tables,
      notes: [
        "record(): the median of runs. Main thread: processor time of all tasks of the page from the first event until the relay has " +
          "answered for the last, as Chromium counts it, storing and posting included. Database calls: those of object stores. " +
          "Profile: time of the clock, so it is longer where others are at work.",
      ],
      readings: Object.fromEntries(readings),
    };
  },
};

const sizes = async (): Promise<readonly Row[]> =>
  (await measureBrowserSizes()).map(({ use, gzipped, minified }) => ({
    use,
    "gzipped bytes": gzipped,
    bytes: minified,
  }));

const profileRows = (times: readonly SelfTime[], events: number): readonly Row[] =>
  times.slice(0, FUNCTIONS).map(({ name, url, micros }) => ({
    function: name === "" ? "(no name)" : name,
    of: url === "" ? "the browser" : "the page",
    "µs/event": (micros / events).toFixed(1),
  }));

const rowOf = (meter: string, costs: readonly PageCost[]): Row => {
  const mainThread = costs.map(({ mainThreadMicros }) => mainThreadMicros);
  return {
    meter,
    "load ms": median(costs.map(({ loadMs }) => loadMs)).toFixed(1),
    "record() µs": median(costs.map(({ recordMicros }) => recordMicros)).toFixed(1),
    "main thread µs/event": median(mainThread).toFixed(1),
    spread: spread(mainThread, 1),
    "database calls/event": median(costs.map(({ databaseCalls }) => databaseCalls)).toFixed(2),
    "longest run ms": median(costs.map(({ longestRunMs }) => longestRunMs)).toFixed(1),
    lost: costs.reduce((sum, { lost }) => sum + lost, 0),
  };
};
