import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { contentOf, type EventContent } from "./usage-event.ts";

// As long as a hash is not shorter.
const LONGEST_TEXT = 96;

/**
 * Tells whether two events of one identity say the same: equal marks, equal content. The time counts only when the caller gave it: a
 * repeat without one would otherwise differ by its own clock. It is the content itself where that is short, else its SHA-256, so that
 * nobody can find two events with one mark.
 */
export const contentMark = (event: EventContent, timeGiven: boolean): string => {
  const text = JSON.stringify(contentOf(event, timeGiven));
  return text.length <= LONGEST_TEXT ? text : bytesToHex(sha256(utf8ToBytes(text)));
};
