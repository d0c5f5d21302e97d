/**
 * The ids of a segment as one text, one per line (an id is visible ASCII). One string takes less memory than hundreds, and is cheaper
 * to copy to a thread or a disk.
 */
export const idList = (events: Iterable<{ readonly event_id: string }>): string => {
  let list = "";
  let separator = "";
  for (const { event_id } of events) {
    list += separator + event_id;
    separator = "\n";
  }
  return list;
};

export const idsIn = (list: string): readonly string[] => list.split("\n");

/** Returns the index of an id in a list, or -1. */
export const placeOfId = (list: string, event_id: string): number =>
  list.includes(event_id) ? idsIn(list).indexOf(event_id) : -1;
