const POOL_BYTES = 4096;
const BYTES_PER_ID = 10;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;
let prefixTime = -1;
let prefix = "";

const hex = (byte: number | undefined): string => HEX[byte ?? 0] ?? "00";

/**
 * A new event id: UUIDv7 (RFC 9562), so ids sort by time and stores can append them in order. Everything behind the
 * time is random, never a counter, so that forked or restored processes cannot make the same one.
 */
export const createEventId = (now: number): string => {
  if (used + BYTES_PER_ID > POOL_BYTES) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  if (now !== prefixTime) {
    const time = Math.max(0, Math.floor(now)).toString(16).padStart(12, "0").slice(-12);
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    prefixTime = now;
  }
  const at = used;
  used += BYTES_PER_ID;
  const version = hex(pool[at]).slice(1) + hex(pool[at + 1]);
  const variant = hex(((pool[at + 2] ?? 0) & 0x3f) | 0x80) + hex(pool[at + 3]);
  return `${prefix}${version}-${variant}-${hex(pool[at + 4])}${hex(pool[at + 5])}${hex(pool[at + 6])}${hex(pool[at + 7])}${hex(pool[at + 8])}${hex(pool[at + 9])}`;
};
