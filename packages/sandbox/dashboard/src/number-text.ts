const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 });

/** A number for people; a dash where there is none. */
export const numberText = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : NUMBER.format(value);

/** A duration for people: `1 h 30 min`, `12.5 s`. Takes milliseconds. */
export const durationText = (ms: number): string => {
  if (ms < 60_000) return `${NUMBER.format(ms / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${NUMBER.format(hours)} h ${minutes % 60} min`;
};
