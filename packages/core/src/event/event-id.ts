const RANDOMS_PER_ID = 6;
const POOL_SIZE = 300 * RANDOMS_PER_ID;
// Three digits at a time: fewer pieces to put together than with two.
const DIGITS = Array.from({ length: 0x1000 }, (_, value) => value.toString(16).padStart(3, "0"));
const ANYTHING = /^/;
const VARIANTS = ["-8", "-9", "-a", "-b"];

const pool = new Uint16Array(POOL_SIZE);
let used = POOL_SIZE;
let prefixTime = -1;
let prefix = "";

/** Twelve random bits as text. */
const digits = (random: number | undefined): string => DIGITS[(random ?? 0) & 0xfff] ?? "000";

/**
 * A new event id: UUIDv7 (RFC 9562), so ids sort by time and stores can append them in order. Everything behind the
 * time is random, never a counter, so that forked or restored processes cannot make the same one.
 */
export const createEventId = (now: number): string => {
  if (used === POOL_SIZE) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  if (now !== prefixTime) {
    const time = Math.max(0, Math.floor(now)).toString(16).padStart(12, "0").slice(-12);
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    prefixTime = now;
  }
  const at = used;
  used += RANDOMS_PER_ID;
  const variant = VARIANTS[(pool[at] ?? 0) >> 14] ?? "-8";
  const id = `${prefix}${digits(pool[at])}${variant}${digits(pool[at + 1])}-${digits(pool[at + 2])}${digits(pool[at + 3])}${digits(pool[at + 4])}${digits(pool[at + 5])}`;
  // V8 keeps a text as the pieces it was put together of, here 250 bytes, until somebody looks into it; then it takes 60.
  ANYTHING.test(id);
  return id;
};
