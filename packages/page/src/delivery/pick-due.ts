import { leaving } from "@meter-lib/core/wire";
import { PAGE_BATCH } from "@meter-lib/transport-beacon";
import type { Ended, Entry } from "./page-entry.ts";

/** What is due: one batch, and the events that are no longer safe to send. */
export interface Due {
  readonly batch: readonly Entry[];
  readonly stale: readonly Ended[];
}

/** @param sentAfter - the relay may have forgotten what was sent before this time */
export const pickDue = (entries: Iterable<Entry>, maxEvents: number, sentAfter: number): Due => {
  const batch: Entry[] = [];
  const stale: Ended[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const { sent_at, later } = entry;
    if (later > performance.now()) continue;
    const { fate } = leaving({ inDoubt: sent_at !== undefined, mayResend: (sent_at ?? 0) >= sentAfter });
    if (fate === "quarantined") {
      const reason = "it may have been counted, but the relay no longer remembers its id";
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
