import { numberIn, numberOrNullIn, type Row } from "./column.ts";

/** The levels of one group together, at the end of an hour or a day in which one of them was reported. */
interface HeldLevel extends Row {
  readonly who: number;
  readonly bucket: number | string;
  value: number;
  duration: number;
  events: number;
}

/**
 * Adds up the levels of each group. A level stays until it is reported anew, so that a group has those of all its tenants that
 * reported one so far.
 *
 * @param rows - the newest level of each tenant and customer in each hour or day (`who`, `bucket`, `meter`, `tenant`, `customer`,
 *   `level`, `duration`, `events`), in order of time
 */
export const heldLevels = (rows: Iterable<Row>): Iterable<Row> => {
  const held = new Map<string, number>();
  const together = new Map<number, number>();
  const told = new Map<string, HeldLevel>();
  for (const row of rows) {
    const level = numberOrNullIn(row, "level");
    const { bucket } = row;
    // Nothing was reported then: of duplicates, or of an event that was taken back.
    if (level === null || (typeof bucket !== "number" && typeof bucket !== "string")) continue;
    const who = numberIn(row, "who");
    const account = `${row.meter} ${row.tenant} ${row.customer}`;
    const value = (together.get(who) ?? 0) + level - (held.get(account) ?? 0);
    held.set(account, level);
    together.set(who, value);
    const key = `${who} ${bucket}`;
    const point = told.get(key) ?? { who, bucket, value, duration: 0, events: 0 };
    point.value = value;
    point.duration += numberIn(row, "duration");
    point.events += numberIn(row, "events");
    told.set(key, point);
  }
  return told.values();
};
