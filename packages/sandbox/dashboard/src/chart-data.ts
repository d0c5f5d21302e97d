import type { UsageSeries } from "../../src/store/usage-series.ts";
import type { Zone } from "./time-text.ts";

/** What of a point is drawn. */
export type Measure = "total_usage" | "duration_ms" | "events";

/** Times in seconds, as uPlot takes them, and one row of values per series. */
export interface ChartData {
  readonly times: number[];
  readonly rows: (number | null)[][];
}

const HOUR_MS = 3_600_000;

// The day's first moment on the clock that the chart shows.
const dayStart = (day: string, zone: Zone): number =>
  zone === "utc" ? Date.parse(`${day}T00:00:00Z`) : new Date(`${day}T00:00:00`).getTime();

const nextBucket = (time: number, by: "hour" | "day", zone: Zone): number => {
  if (by === "hour") return time + HOUR_MS;
  const date = new Date(time);
  // By the calendar: a day has 23 hours or 25 when clocks change.
  if (zone === "utc") date.setUTCDate(date.getUTCDate() + 1);
  else date.setDate(date.getDate() + 1);
  return date.getTime();
};

/** Every hour or day from the first to the last one with usage; where a series has none, `empty` says what is drawn. */
export const chartData = (
  series: readonly UsageSeries[],
  {
    by,
    zone,
    measure,
    empty,
  }: {
    readonly by: "hour" | "day";
    readonly zone: Zone;
    readonly measure: Measure;
    readonly empty: 0 | null;
  },
): ChartData => {
  const timeOf = (at: number | string): number => (typeof at === "string" ? dayStart(at, zone) : at);
  const values = series.map(
    ({ points }) => new Map(points.map((point) => [timeOf(point.at), point[measure]])),
  );
  const all = values.flatMap((of) => [...of.keys()]);
  const first = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const times: number[] = [];
  for (let time = first; time <= last; time = nextBucket(time, by, zone)) times.push(time);
  const scale = measure === "duration_ms" ? HOUR_MS : 1;
  const rows = values.map((of) =>
    times.map((time) => {
      const value = of.get(time);
      return value === undefined ? empty : value / scale;
    }),
  );
  // The last bucket is drawn until its end.
  if (times.length > 0) {
    times.push(nextBucket(last, by, zone));
    for (const row of rows) row.push(row.at(-1) ?? null);
  }
  return { times: times.map((time) => time / 1000), rows };
};
