/** When an event was used: half of them before the cut-over and half after it, in no order. */
export const eventTime = (number: number, at: number): number => at + ((number * 7_919) % 2_000) - 1_000;
