import { Child, numberIn } from "../harness/child.ts";
import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";
import { median, spread } from "../harness/statistics.ts";
import { targetsTable } from "../harness/targets.ts";

interface Taken {
  readonly newPerSecond: number;
  readonly repeatsPerSecond: number;
  readonly counted: number;
}

/** How fast the local backend takes events. */
export const sandbox: Measure = {
  name: "sandbox",
  about: "events a second that the sandbox takes, each counted once",
  defaults: { rounds: 3, events: 100_000 },
  run: async ({ rounds, events }) => {
    const stores = ["memory", "file"];
    const readings = new Map<string, Taken[]>(stores.map((store) => [store, []]));
    for (let round = 1; round <= rounds; round++) {
      for (const store of stores) readings.get(store)?.push(await take(store, events));
    }
    return {
      tables: [
        { rows: stores.flatMap((store) => rowsOf(store, readings.get(store) ?? [], events)) },
        ...targetsTable(
          stores.map((store) => ({
            what: `new events a second, ${store}`,
            reading: median((readings.get(store) ?? []).map(({ newPerSecond }) => newPerSecond)),
            bound: 100_000,
            is: "at least",
            digits: 0,
          })),
        ),
      ],
      notes: [
        "Records in batches of 500 from another process, 4 batches at once, written before the clock starts; then the same again, all repeats.",
      ],
      readings: Object.fromEntries(readings),
    };
  },
};

const take = async (store: string, events: number): Promise<Taken> => {
  await using backend = new Child(import.meta.resolve("./serve-sandbox.ts"), { args: [store] });
  const { url } = await backend.next();
  await using sender = new Child(import.meta.resolve("./send-records.ts"), { args: [String(url), events] });
  const sent = await sender.next();
  const { counted } = await backend.ask({ count: true });
  return {
    newPerSecond: numberIn(sent, "newPerSecond"),
    repeatsPerSecond: numberIn(sent, "repeatsPerSecond"),
    counted: Number(counted),
  };
};

const rowsOf = (store: string, taken: readonly Taken[], events: number): readonly Row[] => {
  const row = (what: string, rates: readonly number[]): Row => ({
    store,
    events: what,
    "events/s": Math.round(median(rates)),
    spread: spread(rates, 0),
    "counted wrong": taken.reduce((sum, { counted }) => sum + Math.abs(counted - events), 0),
  });
  return [
    row(
      "new",
      taken.map(({ newPerSecond }) => newPerSecond),
    ),
    row(
      "repeats",
      taken.map(({ repeatsPerSecond }) => repeatsPerSecond),
    ),
  ];
};
