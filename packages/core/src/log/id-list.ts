/**
 * The ids of a segment as one text, one per line (an id is visible ASCII). One string takes less memory than hundreds, and is cheaper
 * to copy to a thread or a disk.
 */
export const idList = (events: readonly { readonly event_id: string }[]): string =>
  // Joined, it is one flat string; `+` would keep all pieces.
  events.map(({ event_id }) => event_id).join("\n");

export const idsIn = (list: string): readonly string[] => list.split("\n");

/** Returns the index of an id in a list, or -1. */
export const placeOfId = (list: string, event_id: string): number =>
  list.includes(event_id) ? idsIn(list).indexOf(event_id) : -1;
