const codeOf = (text: string): number => text.charCodeAt(0);

const DIGITS = [..."0123456789abcdef"].map(codeOf);
const VARIANTS = [..."89ab"].map(codeOf);
const LAYOUT = "tttttttt-tttt-7rrr-vrrr-rrrrrrrrrrrr";
const placesOf = (letter: string): number[] =>
  [...LAYOUT.matchAll(new RegExp(letter, "g"))].map((m) => m.index);
const TIME_PLACES = placesOf("t");
const RANDOM_PLACES = placesOf("r");
const VARIANT_PLACE = LAYOUT.indexOf("v");

const RANDOMS_PER_ID = RANDOM_PLACES.length + 1;
const pool = new Uint8Array(300 * RANDOMS_PER_ID);
let used = pool.length;

/** The characters of the newest id: those of the time stay while the time does. */
const codes = [...LAYOUT].map(codeOf);
let codesTime = -1;

const writeTime = (now: number): void => {
  const time = Math.max(0, Math.floor(now)).toString(16).padStart(TIME_PLACES.length, "0");
  TIME_PLACES.forEach((place, index) => {
    codes[place] = time.charCodeAt(time.length - TIME_PLACES.length + index);
  });
  codesTime = now;
};

/**
 * A new event id: UUIDv7 (RFC 9562), so ids sort by time and stores can append them in order. Everything behind the
 * time is random, never a counter, so that forked or restored processes cannot make the same one.
 */
export const createEventId = (now: number): string => {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  if (now !== codesTime) writeTime(now);
  codes[VARIANT_PLACE] = VARIANTS[(pool[used++] ?? 0) & 3] ?? 0;
  for (const place of RANDOM_PLACES) codes[place] = DIGITS[(pool[used++] ?? 0) & 15] ?? 0;
  // Made of codes, not of pieces of text: V8 keeps the pieces, which takes four times the memory.
  return String.fromCharCode(...codes);
};
