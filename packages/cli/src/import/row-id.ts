import { hash } from "node:crypto";
import type { ImportEvent } from "./import-event.ts";
import type { RepeatCounter } from "./repeat-counter.ts";

const MARK_CHARACTERS = 32;

/**
 * Returns a mark of a row's content (128 bits of SHA-256, in hexadecimal). The same row has the same mark in every run, on every line, in
 * every file of the same source. Ids are derived from it: never change it.
 *
 * @param source - gives equal rows a different mark
 */
export const rowMark = (event: ImportEvent, source: string): string => {
  const { metadata } = event;
  const parts = [
    source,
    event.tenant_id,
    event.device_id,
    event.meter_id,
    event.event_time,
    event.total_usage ?? null,
    event.start_time ?? null,
    event.end_time ?? null,
    event.session_id ?? null,
    metadata === undefined ? null : Object.entries(metadata).sort(([one], [other]) => (one < other ? -1 : 1)),
  ];
  return markOf(parts);
};

/** Returns a mark of an event's identity. */
export const idMark = (tenant_id: string, event_id: string): string => markOf([tenant_id, event_id]);

const markOf = (parts: readonly unknown[]): string =>
  hash("sha256", JSON.stringify(parts), "hex").slice(0, MARK_CHARACTERS);

/**
 * Returns the id of a row.
 *
 * @param occurrence - 1 for the first row with this mark in a file, 2 for the second
 */
const rowId = (mark: string, occurrence: number): string =>
  occurrence === 1 ? `import-${mark}` : `import-${mark}-${occurrence}`;

/** Returns the event with its own id, or else with that of its row. Called once for each row, in order. */
export const identified = (event: ImportEvent, repeats: RepeatCounter, source: string) => {
  if (event.event_id !== undefined) return { ...event, event_id: event.event_id };
  const mark = rowMark(event, source);
  return { ...event, event_id: rowId(mark, repeats.number(mark)) };
};
