import { numberIn, numberOrNullIn, type Row } from "./column.ts";

/** More than there are names: two of their numbers make one that is exact. */
const MAX_NAMES = 2 ** 26;

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
  const held = new Map<number, Map<number, number>>();
  const newest = new Map<number, HeldLevel>();
  const told: HeldLevel[] = [];
  for (const row of rows) {
    const level = numberOrNullIn(row, "level");
    const { bucket } = row;
    // Nothing was reported then: of duplicates, or of an event that was taken back.
    if (level === null || (typeof bucket !== "number" && typeof bucket !== "string")) continue;
    const who = numberIn(row, "who");
    const meter = numberIn(row, "meter");
    const ofMeter = held.get(meter) ?? new Map<number, number>();
    held.set(meter, ofMeter);
    const account = numberIn(row, "tenant") * MAX_NAMES + numberIn(row, "customer");
    const last = newest.get(who);
    const value = (last?.value ?? 0) + level - (ofMeter.get(account) ?? 0);
    ofMeter.set(account, level);
    const point = last?.bucket === bucket ? last : { who, bucket, value, duration: 0, events: 0 };
    point.value = value;
    point.duration += numberIn(row, "duration");
    point.events += numberIn(row, "events");
    if (point === last) continue;
    newest.set(who, point);
    told.push(point);
  }
  return told;
};
