import { formatNumber } from "./table.ts";

/** Formats a number with its noun: `1 event`, `2,000 events`. */
export const quantity = (count: number, noun: string): string =>
  `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
