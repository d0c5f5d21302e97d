/**
 * The ids of a segment: one text, one per line (an id is visible ASCII), which takes less memory than hundreds of strings and is cheaper to
 * copy to a thread or a disk; or, where the events themselves are in memory, those events.
 */
export type SegmentIds = string | readonly { readonly event_id: string }[];

/** Returns ids as one text. */
export const idList = (ids: SegmentIds): string =>
  // Joined, it is one flat string; `+` would keep all pieces.
  typeof ids === "string" ? ids : idsIn(ids).join("\n");

export const idsIn = (ids: SegmentIds): readonly string[] =>
  typeof ids === "string" ? ids.split("\n") : ids.map(({ event_id }) => event_id);

/** Returns the index of an id in a list, or -1. */
export const placeOfId = (ids: SegmentIds, event_id: string): number =>
  typeof ids === "string" && !ids.includes(event_id) ? -1 : idsIn(ids).indexOf(event_id);
