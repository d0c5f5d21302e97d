/** The time in ISO 8601, or the number where no date has it: what comes from elsewhere may be any. */
export const isoTime = (time: number): string => {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? `${time} ms` : date.toISOString();
};
