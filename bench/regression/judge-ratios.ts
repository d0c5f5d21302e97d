import { median } from "../harness/statistics.ts";

/** How far below its baseline a ratio may lie: what runs on one quiet machine differ by, and some more for other machines. */
export const TOLERANCE = 0.25;

export interface Judgement {
  readonly ratio: number;
  readonly baseline: number | undefined;
  readonly isWorse: boolean;
}

/**
 * Worse is what is clearly worse: the median of the rounds lies too far below the baseline, and the best round lies below it, too.
 * One slow round proves nothing.
 */
export const judgeRatios = (ratios: readonly number[], baseline: number | undefined): Judgement => {
  const ratio = median(ratios);
  const isWorse =
    baseline !== undefined && ratio < baseline * (1 - TOLERANCE) && Math.max(...ratios) < baseline;
  return { ratio, baseline, isWorse };
};
