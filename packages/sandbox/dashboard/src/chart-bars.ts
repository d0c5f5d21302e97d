import type { UsageSeries } from "../../src/store/usage-series.ts";
import type { Bucket } from "./time-range.ts";
import { dayStart } from "./time-range.ts";
import type { Zone } from "./time-text.ts";

/** What of a point is drawn. */
export type Measure = "total_usage" | "duration_ms" | "events";

/** One series with a value for each bucket, in the unit that is drawn. */
export interface Bars {
  /** Null for all groups without a series of their own. */
  readonly group: string | null;
  /** Its place among all series, whichever of them are shown. */
  readonly place: number;
  readonly values: readonly number[];
}

export interface BarOptions {
  readonly zone: Zone;
  readonly measure: Measure;
  /** Whether usage is a level, which stays until it is reported anew, or comes anew in each hour and day. */
  readonly level: boolean;
}

const HOUR_MS = 3_600_000;

const startOf = (at: number | string, zone: Zone): number =>
  typeof at === "number"
    ? at
    : dayStart(new Date(zone === "utc" ? `${at}T00:00:00Z` : `${at}T00:00:00`).getTime(), zone);

/** The values of each series, bucket by bucket; durations in hours. */
export const chartBars = (
  series: readonly UsageSeries[],
  buckets: readonly Bucket[],
  { zone, measure, level }: BarOptions,
): readonly Bars[] => {
  const scale = measure === "duration_ms" ? HOUR_MS : 1;
  const holds = level && measure === "total_usage";
  return series.map(({ group, points }, place) => {
    const known = new Map(points.map((point) => [startOf(point.at, zone), point[measure] / scale]));
    let held = 0;
    const values = buckets.map(({ start }) => {
      const value = known.get(start) ?? (holds ? held : 0);
      held = value;
      return value;
    });
    return { group, place, values };
  });
};

/** The first moment that any series has something at; undefined where none has. */
export const firstMoment = (series: readonly UsageSeries[], zone: Zone): number | undefined => {
  const firsts = series.flatMap(({ points }) => points.slice(0, 1).map(({ at }) => startOf(at, zone)));
  return firsts.length === 0 ? undefined : Math.min(...firsts);
};

/** The sums of all series, bucket by bucket; of highest values the highest. */
export const togetherOf = (bars: readonly Bars[], highest: boolean, length: number): readonly number[] =>
  Array.from({ length }, (_, place) =>
    bars.reduce((sum, { values }) => {
      const value = values[place] ?? 0;
      return highest ? Math.max(sum, value) : sum + value;
    }, 0),
  );
