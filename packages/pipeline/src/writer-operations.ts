import { type WriterEvent, writerEvents } from "./writer-events.ts";

/** What a writer does: it records an event, or corrects one that it recorded before. */
export interface WriterOperation {
  /** What the event says from now on; of a cancelled one, what it said. */
  readonly event: WriterEvent;
  readonly correction?: "amend" | "cancel";
}

/** Every tenth operation is a correction. */
const BLOCK = 10;
/** Three corrections in a row are of one event: of each group of blocks, one event is corrected. */
const BLOCKS = 3;
const EVENTS = (BLOCK - 1) * BLOCKS;
/** Every second group corrects what was recorded long ago, and so was sent; the others what may wait or be on its way. */
const LONG_AGO_GROUPS = 20;
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** The nth operation of a writer, the same at every call. */
export const writerOperations = (writer: number, writers: number): ((n: number) => WriterOperation) => {
  const eventAt = writerEvents(writer, writers);
  return (n) => {
    const block = Math.floor(n / BLOCK);
    if (n % BLOCK < BLOCK - 1) return { event: eventAt(n - block) };
    const here = Math.floor(block / BLOCKS);
    const group = here % 2 === 0 && here >= LONG_AGO_GROUPS ? here - LONG_AGO_GROUPS : here;
    const event = eventAt(group * EVENTS + (here % (BLOCK - 1)));
    const time = block % BLOCKS;
    if (time === BLOCKS - 1 && here % 4 < 2) return { event, correction: "cancel" };
    return { event: amended(event, time + 1), correction: "amend" };
  };
};

/** A different content each time; the second time, in the next hour. */
const amended = (event: WriterEvent, time: number): WriterEvent => {
  const { total_usage, start_time, end_time, event_time } = event;
  const later = time === 2 ? HOUR_MS : 0;
  if (total_usage !== undefined)
    return { ...event, total_usage: total_usage + time, event_time: event_time + later };
  if (end_time !== undefined) return { ...event, end_time: end_time + time * SECOND_MS + later };
  return { ...event, ...(start_time === undefined ? {} : { start_time: start_time - time * SECOND_MS }) };
};
