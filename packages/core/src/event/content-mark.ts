import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { UsageEvent } from "./usage-event.ts";

// As long as a hash is not shorter.
const LONGEST_TEXT = 96;

/**
 * Tells whether two events of one identity say the same: equal marks, equal content. The time counts only when the caller gave it: a
 * repeat without one would otherwise differ by its own clock. It is the content itself where that is short, else its SHA-256, so that
 * nobody can find two events with one mark. Kept in outboxes: never change it.
 */
export const contentMark = (
  event: Omit<UsageEvent, "event_id" | "tenant_id" | "type">,
  timeGiven: boolean,
): string => {
  const { metadata } = event;
  const text = JSON.stringify([
    event.meter_id,
    event.device_id,
    event.total_usage,
    event.start_time,
    event.end_time,
    timeGiven ? event.event_time : null,
    event.session_id,
    ...(metadata === undefined
      ? []
      : Object.keys(metadata)
          .sort()
          .flatMap((key) => [key, metadata[key]])),
  ]);
  return text.length <= LONGEST_TEXT ? text : bytesToHex(sha256(utf8ToBytes(text)));
};
