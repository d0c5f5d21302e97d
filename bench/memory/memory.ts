import { Child, numberIn } from "../harness/child.ts";
import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";

const MIB = 1024 ** 2;

/** What events cost that cannot leave. */
export const memory: Measure = {
  name: "memory",
  about: "memory and file per event that waits, with nobody to take it",
  defaults: { events: 1_000_000 },
  run: async ({ events }) => {
    const rows: Row[] = [];
    for (const outbox of ["memory", "SQLite"]) rows.push(await take(outbox, events));
    return {
      tables: [{ rows }],
      notes: [
        "Heap after a collection, less what the process had before the first event; its JSON is the event's own fields, id and time included. " +
          "Beside a file the client holds 10,000 events in memory and no more.",
      ],
      readings: rows,
    };
  },
};

const take = async (outbox: string, events: number): Promise<Row> => {
  using child = new Child(import.meta.resolve("./fill-outbox.ts"), {
    args: [outbox, events],
    flags: ["--expose-gc"],
  });
  const report = await child.next();
  const jsonBytes = numberIn(report, "jsonBytes");
  const heapPerEvent = numberIn(report, "heapBytes") / events;
  const fileBytes = numberIn(report, "fileBytes");
  return {
    outbox,
    "events waiting": events - numberIn(report, "refused"),
    "JSON bytes": jsonBytes,
    "heap bytes/event": Math.round(heapPerEvent),
    "heap ÷ JSON": (heapPerEvent / jsonBytes).toFixed(2),
    "heap MiB": Math.round(numberIn(report, "heapBytes") / MIB),
    "RSS MiB": Math.round(numberIn(report, "rssBytes") / MIB),
    "file bytes/event": Math.round(fileBytes / events),
    "file ÷ JSON": (fileBytes / events / jsonBytes).toFixed(2),
    "seconds to record": (numberIn(report, "milliseconds") / 1_000).toFixed(1),
  };
};
