import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { contentOf, type EventContent } from "./usage-event.ts";

// A hash would not be shorter.
const LONGEST_TEXT = 96;

/**
 * Returns a mark of an event's content: two events of one identity with equal marks are equal. The time is included only if the caller gave
 * it; without one, each repeat would differ by its clock. The mark is the content itself if it is short, else its SHA-256, so that nobody
 * can construct two events with one mark.
 */
export const contentMark = (event: EventContent, timeGiven: boolean): string => {
  const text = JSON.stringify(contentOf(event, timeGiven));
  return text.length <= LONGEST_TEXT ? text : bytesToHex(sha256(utf8ToBytes(text)));
};
