import { Child, numberIn } from "../harness/child.ts";
import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";
import { type Target, targetsTable } from "../harness/targets.ts";

const MIB = 1024 ** 2;

/** What events cost that cannot leave. */
export const memory: Measure = {
  name: "memory",
  about: "memory and file per event that waits, with nobody to take it",
  defaults: { events: 1_000_000 },
  run: async ({ events }) => {
    const readings = [await take("memory", events), await take("SQLite", events)] as const;
    const target = (outbox: string, { heapBytes, jsonBytes }: Filled): Target => ({
      what: `heap per event beside its JSON, ${outbox}`,
      reading: heapBytes / events / jsonBytes,
      bound: 1.3,
      is: "at most",
    });
    return {
      tables: [
        { rows: readings.map((filled) => rowOf(filled, events)) },
        ...targetsTable(readings.map((filled) => target(filled.outbox, filled))),
      ],
      notes: [
        "Heap after a collection, less what the process had before the first event; its JSON is the event's own fields, id and time included. " +
          "Beside a file the client holds 10,000 events in memory and no more.",
      ],
      readings,
    };
  },
};

interface Filled {
  readonly outbox: string;
  readonly refused: number;
  readonly jsonBytes: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly fileBytes: number;
  readonly milliseconds: number;
}

const take = async (outbox: string, events: number): Promise<Filled> => {
  await using child = new Child(import.meta.resolve("./fill-outbox.ts"), {
    args: [outbox, events],
    flags: ["--expose-gc"],
  });
  const report = await child.next(600_000);
  return {
    outbox,
    refused: numberIn(report, "refused"),
    jsonBytes: numberIn(report, "jsonBytes"),
    heapBytes: numberIn(report, "heapBytes"),
    rssBytes: numberIn(report, "rssBytes"),
    fileBytes: numberIn(report, "fileBytes"),
    milliseconds: numberIn(report, "milliseconds"),
  };
};

const rowOf = (filled: Filled, events: number): Row => {
  const { outbox, refused, jsonBytes, heapBytes, rssBytes, fileBytes, milliseconds } = filled;
  return {
    outbox,
    "events waiting": events - refused,
    "JSON bytes": jsonBytes,
    "heap bytes/event": Math.round(heapBytes / events),
    "heap ÷ JSON": (heapBytes / events / jsonBytes).toFixed(2),
    "heap MiB": Math.round(heapBytes / MIB),
    "RSS MiB": Math.round(rssBytes / MIB),
    "file bytes/event": Math.round(fileBytes / events),
    "file ÷ JSON": (fileBytes / events / jsonBytes).toFixed(2),
    "seconds to record": (milliseconds / 1_000).toFixed(1),
  };
};
