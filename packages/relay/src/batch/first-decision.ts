import { contentMark, type PageEvent } from "@meter-lib/core/wire";

/**
 * The relay's decision about an event on its first attempt, stored with its identity. Every attempt must hand on the same content: the
 * receiver may treat a repeat with another time or device as a conflict, while `sent_at`, latency and credentials differ per attempt.
 */
export interface FirstDecision extends BatchDecision {
  /** Mark of the event as the page sent it, to distinguish a repeat from another event with the same id. */
  readonly mark: string;
}

/** The part shared by all events of a batch. */
export interface BatchDecision {
  /** See `clockShift`. */
  readonly shiftMs: number;
  readonly device_id: string;
}

/** Returns the mark of the page's own fields. */
export const pageMark = ({
  meter_id,
  event_time,
  total_usage,
  start_time,
  end_time,
  metadata,
  session_id,
}: PageEvent): string =>
  contentMark(
    { meter_id, device_id: "", event_time, total_usage, start_time, end_time, metadata, session_id },
    true,
  );

/** Returns a function that writes a decision of this batch for the mark of an event. */
export const decisionWriter = ({ shiftMs, device_id }: BatchDecision): ((mark: string) => string) => {
  // JSON has no line break, so what follows the first one is the mark.
  const first = `${JSON.stringify([shiftMs, device_id])}\n`;
  return (mark) => first + mark;
};

/** @throws TypeError for a note that the relay did not write */
export const readDecision = (note: string): FirstDecision => {
  const end = note.indexOf("\n");
  const parts: unknown = end === -1 ? undefined : JSON.parse(note.slice(0, end));
  if (Array.isArray(parts)) {
    const [shiftMs, device_id]: unknown[] = parts;
    if (typeof shiftMs === "number" && typeof device_id === "string")
      return { mark: note.slice(end + 1), shiftMs, device_id };
  }
  throw new TypeError("the dedup store answered a note that the relay did not write");
};
