// `tttttttt-tttt-7ccc-vggg-gggggggggggg` in hexadecimal digits. t: time, v: variant, g: five random groups of three digits, c: their XOR.
const codeOf = (text: string): number => text.charCodeAt(0);
// A page that makes its ids elsewhere drops all of this from its bundle: hence the annotations.
const DIGITS = /* @__PURE__ */ [..."0123456789abcdef"].map(codeOf);
const VARIANTS = /* @__PURE__ */ [..."89ab"].map(codeOf);
const TIME_DIGITS = 12;
const TIME_PLACES = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12];
const CHECK_PLACE = 15;
const VARIANT_PLACE = 19;
const GROUP_PLACES = [20, 24, 27, 30, 33] as const;

// Two words for each id.
const POOL_WORDS = 2_048;
const pool = /* @__PURE__ */ new Uint32Array(POOL_WORDS);
let used = POOL_WORDS;

/** The characters of the newest id: those of the time are reused while the time is the same. */
const codes = /* @__PURE__ */ [..."00000000-0000-7000-8000-000000000000"].map(codeOf);
let codesTime = -1;

const writeTime = (now: number): void => {
  const time = Math.max(0, Math.floor(now)).toString(16).padStart(TIME_DIGITS, "0").slice(-TIME_DIGITS);
  TIME_PLACES.forEach((place, index) => {
    codes[place] = time.charCodeAt(index);
  });
  codesTime = now;
};

/** Writes the three digits of a group. */
const writeGroup = (place: number, group: number): void => {
  codes[place] = DIGITS[group >>> 8] ?? 0;
  codes[place + 1] = DIGITS[(group >>> 4) & 15] ?? 0;
  codes[place + 2] = DIGITS[group & 15] ?? 0;
};

/**
 * Creates an event id: UUIDv7 (RFC 9562), so ids sort by time and stores append them in order. Everything after the time is random, without
 * a counter, so forked or restored processes cannot create the same id: 62 random bits, and 12 bits that check them, which tell an id
 * created here from others.
 */
export const createEventId = (now: number): string => {
  if (used === POOL_WORDS) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  if (now !== codesTime) writeTime(now);
  const low = pool[used++] ?? 0;
  const high = pool[used++] ?? 0;
  const one = low & 0xfff;
  const two = (low >>> 12) & 0xfff;
  const three = ((low >>> 24) | (high << 8)) & 0xfff;
  const four = (high >>> 4) & 0xfff;
  const five = (high >>> 16) & 0xfff;
  writeGroup(CHECK_PLACE, one ^ two ^ three ^ four ^ five);
  codes[VARIANT_PLACE] = VARIANTS[high >>> 30] ?? 0;
  writeGroup(GROUP_PLACES[0], one);
  writeGroup(GROUP_PLACES[1], two);
  writeGroup(GROUP_PLACES[2], three);
  writeGroup(GROUP_PLACES[3], four);
  writeGroup(GROUP_PLACES[4], five);
  // Built from character codes, not from pieces of text: V8 keeps the pieces, which takes four times the memory.
  return String.fromCharCode(...codes);
};

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7([0-9a-f]{3})-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * Returns when `createEventId` created this id, in milliseconds since the epoch; undefined for other ids, except one in 4,096 of other
 * UUIDv7.
 */
export const timeOfEventId = (id: string): number | undefined => {
  const match = UUID_V7.exec(id);
  if (match === null) return undefined;
  let check = Number.parseInt(match[3] ?? "", 16);
  for (const place of GROUP_PLACES) check ^= Number.parseInt(id.slice(place, place + 3), 16);
  return check === 0 ? Number.parseInt(`${match[1]}${match[2]}`, 16) : undefined;
};
