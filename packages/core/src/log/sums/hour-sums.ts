/** Events of one meter in one hour, by tenant. One array per figure: a segment may have hundreds of tenants. */
export interface HourSums {
  readonly meter_id: string;
  /** Start of the hour in UTC, in milliseconds since the epoch. */
  readonly hour: number;
  readonly tenants: readonly string[];
  readonly events: readonly number[];
  /** Sums of `total_usage`. */
  readonly usage: readonly number[];
  /**
   * By how many `events` is more than what counts: a correction is an event that takes another one's place, or takes it back.
   * @default 0 each
   */
  readonly uncounted?: readonly number[] | undefined;
  /** The hour in which it is booked, because its own is frozen. @default its own */
  readonly booked?: number | undefined;
}

/** What an event adds to the sums. */
export interface LedgerCell {
  readonly tenant_id: string;
  readonly meter_id: string;
  readonly hour: number;
}

export const eventsIn = ({ events }: HourSums): number => events.reduce((sum, count) => sum + count, 0);

export const negated = (hour: HourSums): HourSums => ({
  ...hour,
  events: hour.events.map((count) => -count),
  usage: hour.usage.map((usage) => -usage),
  uncounted: hour.uncounted?.map((count) => -count),
});
