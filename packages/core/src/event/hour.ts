export const HOUR_MS = 3_600_000;

/** Returns the start of the hour (UTC) that contains a time, in milliseconds since the epoch. */
export const startOfHour = (time: number): number => Math.floor(time / HOUR_MS) * HOUR_MS;
