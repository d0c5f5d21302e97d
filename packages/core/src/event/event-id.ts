const POOL_BYTES = 4096;
const DIGITS_PER_ID = 19;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const VARIANTS = ["8", "9", "a", "b"];

const pool = new Uint8Array(POOL_BYTES);
let digits = "";
let used = 0;
let prefixTime = -1;
let prefix = "";

const refill = (): void => {
  crypto.getRandomValues(pool);
  digits = Array.from(pool, (byte) => HEX[byte]).join("");
  used = 0;
};

/**
 * A new event id: UUIDv7 (RFC 9562), so ids sort by time and stores can append them in order. Everything behind the
 * time is random, never a counter, so that forked or restored processes cannot make the same one.
 */
export const createEventId = (now: number): string => {
  if (used + DIGITS_PER_ID > digits.length) refill();
  if (now !== prefixTime) {
    const time = Math.max(0, Math.floor(now)).toString(16).padStart(12, "0").slice(-12);
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    prefixTime = now;
  }
  const at = used;
  used += DIGITS_PER_ID;
  // One digit is spent on the two bits of the variant's.
  const variant = VARIANTS[Number.parseInt(digits.charAt(at + 3), 16) & 3] ?? "8";
  return `${prefix}${digits.slice(at, at + 3)}-${variant}${digits.slice(at + 4, at + 7)}-${digits.slice(at + 7, at + 19)}`;
};
