import type { UsageSeries } from "../../src/store/usage-series.ts";
import type { Zone } from "./time-text.ts";

/** What of a point is drawn. */
export type Measure = "total_usage" | "duration_ms" | "events";

/** Times in seconds, as uPlot takes them, and one row of values per series. */
export interface ChartData {
  readonly times: number[];
  readonly rows: (number | null)[][];
}

export interface ChartDataOptions {
  readonly zone: Zone;
  readonly measure: Measure;
  /** Whether usage is a level, which stays until it is reported anew, or comes anew in each hour and day. */
  readonly level: boolean;
}

const HOUR_MS = 3_600_000;

/** First and last moment of an hour, or of a day on the clock that the chart shows: clocks change, so days have 23 to 25 hours. */
const spanOf = (at: number | string, zone: Zone): readonly [number, number] => {
  if (typeof at === "number") return [at, at + HOUR_MS];
  const start = new Date(zone === "utc" ? `${at}T00:00:00Z` : `${at}T00:00:00`);
  const end = new Date(start);
  if (zone === "utc") end.setUTCDate(end.getUTCDate() + 1);
  else end.setDate(end.getDate() + 1);
  return [start.getTime(), end.getTime()];
};

/** Points for lines in steps: where something begins and where it ends, and nothing for the empty time between. */
export const chartData = (
  series: readonly UsageSeries[],
  { zone, measure, level }: ChartDataOptions,
): ChartData => {
  const scale = measure === "duration_ms" ? HOUR_MS : 1;
  const holds = level && measure === "total_usage";
  const corners = new Set<number>();
  const values = series.map(
    ({ points }) =>
      new Map(
        points.map((point) => {
          const [start, end] = spanOf(point.at, zone);
          corners.add(start).add(end);
          return [start, point[measure] / scale];
        }),
      ),
  );
  const times = [...corners].sort((a, b) => a - b);
  const rows = values.map((of) => {
    let held: number | null = null;
    return times.map((time) => {
      const value = of.get(time);
      if (value === undefined) return holds ? held : 0;
      held = value;
      return value;
    });
  });
  return { times: times.map((time) => time / 1000), rows };
};
