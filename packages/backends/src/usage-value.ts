import type { UsageEvent } from "@meter-lib/core/transport";

/** Units used, or milliseconds from start to end; undefined for an event with one boundary. */
export const usageValue = ({ total_usage, start_time, end_time }: UsageEvent): number | undefined =>
  total_usage ?? (start_time === undefined || end_time === undefined ? undefined : end_time - start_time);
