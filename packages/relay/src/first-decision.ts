import { contentMark, type PageEvent } from "@meter-lib/core/wire";

/**
 * What the relay decided about an event when it first came. It is kept with the identity, because every attempt must hand on the same
 * content: whoever receives it may compare (a repeat with another time or device is a conflict), and `sent_at`, network and
 * credentials differ from attempt to attempt.
 */
export interface FirstDecision extends BatchDecision {
  /** Mark of the event as the page froze it, to tell a repeat from another event under the same id. */
  readonly mark: string;
}

/** The part that is the same for all events of a batch. */
export interface BatchDecision {
  /** See `clockShift`. */
  readonly shiftMs: number;
  readonly device_id: string;
}

/** The mark of what the page itself said. */
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

/** Writes the decisions of one batch, by the marks of its events. */
export const decisionWriter = ({ shiftMs, device_id }: BatchDecision): ((mark: string) => string) => {
  const rest = `,${shiftMs},${JSON.stringify(device_id)}]`;
  return (mark) => `[${JSON.stringify(mark)}${rest}`;
};

/** @throws TypeError for a note that is none of ours: the store is not the relay's alone. */
export const readDecision = (note: string): FirstDecision => {
  const parts: unknown = JSON.parse(note);
  if (Array.isArray(parts)) {
    const [mark, shiftMs, device_id]: unknown[] = parts;
    if (typeof mark === "string" && typeof shiftMs === "number" && typeof device_id === "string")
      return { mark, shiftMs, device_id };
  }
  throw new TypeError("the dedup store answered a note that the relay did not write");
};
