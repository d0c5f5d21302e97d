const codeOf = (text: string): number => text.charCodeAt(0);

const DIGITS = /* @__PURE__ */ [..."0123456789abcdef"].map(codeOf);
const VARIANTS = /* @__PURE__ */ [..."89ab"].map(codeOf);
// A page that makes its ids elsewhere drops all of this from its bundle: hence the annotations.
// t: time, r: random, c: a check on the random digits, v: variant.
const LAYOUT = "tttttttt-tttt-7ccc-vrrr-rrrrrrrrrrrr";
const placesOf = (letter: string): number[] =>
  [...LAYOUT.matchAll(new RegExp(letter, "g"))].map((m) => m.index);
const TIME_PLACES = /* @__PURE__ */ placesOf("t");
const RANDOM_PLACES = /* @__PURE__ */ placesOf("r");
const CHECK_PLACES = /* @__PURE__ */ placesOf("c");
const VARIANT_PLACE = /* @__PURE__ */ LAYOUT.indexOf("v");

// One byte for two of the 15 random digits; the last half byte is the variant's.
const POOL_BYTES = 1_024 * 8;
const pool = /* @__PURE__ */ new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

/** The characters of the newest id: those of the time are reused while the time is the same. */
const codes = /* @__PURE__ */ [...LAYOUT].map(codeOf);
let codesTime = -1;

const writeTime = (now: number): void => {
  const time = Math.max(0, Math.floor(now)).toString(16).padStart(TIME_PLACES.length, "0");
  TIME_PLACES.forEach((place, index) => {
    codes[place] = time.charCodeAt(time.length - TIME_PLACES.length + index);
  });
  codesTime = now;
};

/**
 * Creates an event id: UUIDv7 (RFC 9562), so ids sort by time and stores append them in order. Everything after the time is random, without
 * a counter, so forked or restored processes cannot create the same id: 62 random bits, and 12 bits that check them, which tell an id
 * created here from others.
 */
export const createEventId = (now: number): string => {
  if (used === POOL_BYTES) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  if (now !== codesTime) writeTime(now);
  // Three checks, of five digits each.
  let check = 0;
  let byte = 0;
  for (let i = 0; i < RANDOM_PLACES.length; i++) {
    byte = i % 2 === 0 ? (pool[used++] ?? 0) : byte >> 4;
    const digit = byte & 15;
    check ^= digit << ((i % 3) * 4);
    codes[RANDOM_PLACES[i] ?? 0] = DIGITS[digit] ?? 0;
  }
  codes[VARIANT_PLACE] = VARIANTS[(byte >> 4) & 3] ?? 0;
  for (let i = 0; i < CHECK_PLACES.length; i++)
    codes[CHECK_PLACES[i] ?? 0] = DIGITS[(check >> (i * 4)) & 15] ?? 0;
  // Built from character codes, not from pieces of text: V8 keeps the pieces, which takes four times the memory.
  return String.fromCharCode(...codes);
};

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const digitAt = (id: string, place: number): number => Number.parseInt(id.charAt(place), 16);

/**
 * Returns when `createEventId` created this id, in milliseconds since the epoch; undefined for other ids, except one in 4,096 of other
 * UUIDv7.
 */
export const timeOfEventId = (id: string): number | undefined => {
  const match = UUID_V7.exec(id);
  if (match === null) return undefined;
  let check = 0;
  for (let i = 0; i < RANDOM_PLACES.length; i++) check ^= digitAt(id, RANDOM_PLACES[i] ?? 0) << ((i % 3) * 4);
  for (let i = 0; i < CHECK_PLACES.length; i++)
    if (digitAt(id, CHECK_PLACES[i] ?? 0) !== ((check >> (i * 4)) & 15)) return undefined;
  return Number.parseInt(`${match[1]}${match[2]}`, 16);
};
