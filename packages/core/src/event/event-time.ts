// Seconds, milliseconds, microseconds and nanoseconds of one moment differ by factors of a thousand. Between these two limits, a number is
// milliseconds: from 1973-03-03 to the year 5138. Smaller numbers are most likely seconds, larger ones microseconds.
const SMALLEST = 1e11;
const LARGEST = 1e14;
const SMALLEST_IN_NANOSECONDS = 1e17;

const MILLISECONDS = "milliseconds since the epoch";

/** Whether a value is a time in milliseconds since the epoch: an integer, 0 or between March 1973 and the year 5138. */
export const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) &&
  typeof value === "number" &&
  (value > SMALLEST ? value < LARGEST : value === 0);

/** Describes what {@link isTime} expects; for a time in another unit, names the likely unit. */
export const expectedTime = (value: unknown): string => {
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) {
    if (value <= SMALLEST) return `${MILLISECONDS} (this looks like seconds: multiply by 1000)`;
    if (value >= SMALLEST_IN_NANOSECONDS)
      return `${MILLISECONDS} (this looks like nanoseconds: divide by 1000000)`;
    if (value >= LARGEST) return `${MILLISECONDS} (this looks like microseconds: divide by 1000)`;
  }
  return `${MILLISECONDS}, an integer ≥ 0`;
};
