import type { Aggregation } from "@meter-lib/core/wire";
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
  /** Undefined while nothing is known of a level: before its first report. */
  readonly values: readonly (number | undefined)[];
}

export interface BarOptions {
  readonly zone: Zone;
  readonly measure: Measure;
  /** What comes of usage: sums and highest values come anew in each hour and day, a level stays until it is reported anew. */
  readonly aggregation: Aggregation;
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
  { zone, measure, aggregation }: BarOptions,
): readonly Bars[] => {
  const scale = measure === "duration_ms" ? HOUR_MS : 1;
  const usual = aggregation === "last" ? undefined : 0;
  return series.map(({ group, points }, place) => {
    const known = new Map(points.map((point) => [startOf(point.at, zone), point[measure] / scale]));
    let held: number | undefined;
    const values = buckets.map(({ start }) => {
      held = known.get(start) ?? usual ?? held;
      return held;
    });
    return { group, place, values };
  });
};

/** The first moment that any series has something at; undefined where none has. */
export const firstMoment = (series: readonly UsageSeries[], zone: Zone): number | undefined => {
  const firsts = series.flatMap(({ points }) => points.slice(0, 1).map(({ at }) => startOf(at, zone)));
  return firsts.length === 0 ? undefined : Math.min(...firsts);
};

/** The values of all series together, bucket by bucket; undefined while nothing is known of any. */
export const togetherOf = (bars: readonly Bars[], aggregation: Aggregation, length: number): Bars["values"] =>
  Array.from({ length }, (_, place) =>
    bars.reduce<number | undefined>(
      (together, { values }) => {
        const value = values[place];
        if (value === undefined || together === undefined) return value ?? together;
        return aggregation === "max" ? Math.max(together, value) : together + value;
      },
      aggregation === "last" ? undefined : 0,
    ),
  );
