import { PAGE_BATCH } from "@meter-lib/transport-beacon";
import type { Ended, Entry } from "./page-entry.ts";

/** What is due: one batch, and what is not safe to send any more. */
export interface Due {
  readonly batch: readonly Entry[];
  readonly stale: readonly Ended[];
}

/** @param sentAfter - what may have been sent before that time the relay may have forgotten */
export const pickDue = (entries: Iterable<Entry>, maxEvents: number, sentAfter: number): Due => {
  const batch: Entry[] = [];
  const stale: Ended[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const { sent_at = sentAfter, later } = entry;
    if (later > performance.now()) continue;
    if (sent_at < sentAfter) {
      const reason = "it may have been counted too long ago for the relay to know";
      stale.push([entry, { state: "quarantined", reason, status: undefined }]);
    } else if (
      batch.length === 0 ||
      (batch.length < maxEvents && bytes + entry.bytes < PAGE_BATCH.maxBytes)
    ) {
      bytes += entry.bytes;
      batch.push(entry);
    }
  }
  return { batch, stale };
};
