/** Formats a time as ISO 8601; returns the number itself if it is outside the range of dates. */
export const isoTime = (time: number): string => {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? `${time} ms` : date.toISOString();
};
