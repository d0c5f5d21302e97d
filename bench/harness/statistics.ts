const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);

/** The value that so large a share of the numbers does not exceed; `share` from 0 to 1. NaN without numbers. */
export const quantile = (numbers: readonly number[], share: number): number => {
  const at = Math.min(numbers.length - 1, Math.max(0, Math.ceil(share * numbers.length) - 1));
  return sorted(numbers)[at] ?? Number.NaN;
};

/** The middle one; of an even number of them, the mean of the middle two. */
export const median = (numbers: readonly number[]): number => {
  const inOrder = sorted(numbers);
  const middle = inOrder.length / 2;
  const above = inOrder[Math.floor(middle)] ?? Number.NaN;
  const below = inOrder[Math.ceil(middle) - 1] ?? Number.NaN;
  return (above + below) / 2;
};

/** Lowest and highest as text: "0.71–0.83"; empty without numbers. */
export const spread = (numbers: readonly number[], digits: number): string => {
  const inOrder = sorted(numbers);
  const ends = [inOrder[0], inOrder.at(-1)].filter((end) => end !== undefined);
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return ends.map((end) => end.toLocaleString("en-US", format)).join("–");
};
