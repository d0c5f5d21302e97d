// Seconds, milliseconds, microseconds and nanoseconds of one moment differ by a thousand each. Between these two, a number is
// milliseconds: from 1973-03-03 to the year 5138. What is smaller is far more likely seconds, what is larger microseconds.
const SMALLEST = 1e11;
const LARGEST = 1e14;
const SMALLEST_IN_NANOSECONDS = 1e17;

const MILLISECONDS = "milliseconds since the epoch";

/** Whether a value is a time in milliseconds since the epoch: an integer, 0 or from March 1973 to the year 5138. */
export const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) &&
  typeof value === "number" &&
  (value > SMALLEST ? value < LARGEST : value === 0);

/** What {@link isTime} wants, in words; for a time in another unit they say which one it looks like. */
export const expectedTime = (value: unknown): string => {
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) {
    if (value <= SMALLEST) return `${MILLISECONDS} (this looks like seconds: multiply by 1000)`;
    if (value >= SMALLEST_IN_NANOSECONDS)
      return `${MILLISECONDS} (this looks like nanoseconds: divide by 1000000)`;
    if (value >= LARGEST) return `${MILLISECONDS} (this looks like microseconds: divide by 1000)`;
  }
  return `${MILLISECONDS}, an integer ≥ 0`;
};
