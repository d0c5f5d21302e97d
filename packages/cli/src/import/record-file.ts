import type { Catalog, DurableOutcome, MeterClient } from "@meter-lib/core";
import type { DeliveryWatch } from "../outbox/delivery-watch.ts";
import type { LineFault } from "./check-file.ts";
import type { ImportEvent } from "./import-event.ts";
import type { ImportSource } from "./import-source.ts";
import type { RepeatCounter } from "./repeat-counter.ts";
import { identified } from "./row-id.ts";

export interface RecordFileOptions {
  readonly client: MeterClient<Catalog>;
  readonly watch: DeliveryWatch;
  readonly repeats: RepeatCounter;
  readonly idSource: string;
  readonly maxFaults: number;
  readonly onRows: (rows: number) => void;
}

/** What happened to the rows that were read. */
export interface RecordedFile {
  rows: number;
  /** New in the outbox. */
  recorded: number;
  /** In the outbox from an earlier run, or the same as another row in the file. */
  known: number;
  /** Not recorded; `faults` has the reasons. */
  refused: number;
  readonly faults: LineFault[];
}

interface LineReceipt {
  readonly line: number;
  readonly durable: Promise<DurableOutcome>;
}

const CHUNK = 2_000;

/** Records every row of a checked file as backfill, behind live events. Stops when the watch does. */
export const recordFile = async (
  source: ImportSource,
  { client, watch, repeats, idSource, maxFaults, onRows }: RecordFileOptions,
): Promise<RecordedFile> => {
  const sum: RecordedFile = { rows: 0, recorded: 0, known: 0, refused: 0, faults: [] };

  const record = (event: ImportEvent, line: number): LineReceipt => {
    const receipt = client.record(identified(event, repeats, idSource), { lane: "backfill" });
    return { line, durable: receipt.durable };
  };

  const settle = async (chunk: readonly LineReceipt[]): Promise<void> => {
    const outcomes = await Promise.all(chunk.map(({ durable }) => durable));
    outcomes.forEach((outcome, index) => {
      if (outcome.ok) {
        if (outcome.repeat) sum.known++;
        else sum.recorded++;
        return;
      }
      sum.refused++;
      const message =
        outcome.reason === "refused"
          ? outcome.error.message
          : "the outbox could not store it; run the same command again";
      if (sum.faults.length < maxFaults) sum.faults.push({ line: chunk[index]?.line ?? 0, message });
    });
    sum.rows += chunk.length;
    watch.progressed();
    onRows(sum.rows);
  };

  // The next chunk is read while one is being stored.
  let storing: Promise<void> = Promise.resolve();
  let chunk: LineReceipt[] = [];
  for await (const row of source.rows(() => {})) {
    if (row.fault !== undefined) break;
    const mapped = source.mapping.map(row.cells);
    if (mapped.faults.length + mapped.issues.length > 0) break;
    chunk.push(record(mapped.event, row.line));
    if (chunk.length < CHUNK) continue;
    await Promise.race([storing, watch.stopped]);
    if (watch.stop !== undefined) break;
    storing = settle(chunk);
    chunk = [];
  }
  const last = storing.then(() => settle(chunk));
  await Promise.race([last, watch.stopped]);
  return sum;
};
