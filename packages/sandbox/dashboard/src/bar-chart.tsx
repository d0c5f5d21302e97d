import type { Aggregation } from "@meter-lib/core/wire";
import { scaleLinear, scaleTime, scaleUtc } from "d3-scale";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Bars, togetherOf } from "./chart-bars.ts";
import { compactText, numberText, unitText } from "./number-text.ts";
import { usePlace } from "./place.ts";
import type { Bucket, Step } from "./time-range.ts";
import { dayText, minuteText, tickText, type Zone } from "./time-text.ts";

const HEIGHT = 300;
const LEFT = 52;
const RIGHT = 8;
const TOP = 12;
const BOTTOM = 26;
/** Half of a tick's text. */
const EDGE = 26;
/** A pointer that moved less did not mean to choose a time. */
const MIN_DRAG = 6;
const COLORS = 9;

/** The colour of a series, by its place; of all others it is the last one. */
export const colorOf = (bars: Pick<Bars, "place" | "group"> | undefined): string =>
  `var(--series-${bars === undefined || bars.group === null ? COLORS - 1 : bars.place % (COLORS - 1)})`;

const useWidth = () => {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return { place, width };
};

/** The outlines of all bars of one series, on top of those below it, as one path. */
const barsPath = (
  values: Bars["values"],
  below: readonly number[],
  left: (place: number) => number,
  right: (place: number) => number,
  y: (value: number) => number,
): string => {
  let path = "";
  for (const [place, value] of values.entries()) {
    if (value === undefined || value <= 0) continue;
    const from = below[place] ?? 0;
    const [top, bottom] = [y(from + value), y(from)];
    path += `M${left(place).toFixed(1)} ${top.toFixed(1)}H${right(place).toFixed(1)}V${bottom.toFixed(1)}H${left(place).toFixed(1)}Z`;
  }
  return path;
};

/** A line of steps, which begins where something is known. */
const beforePath = (
  values: Bars["values"],
  left: (place: number) => number,
  right: (place: number) => number,
  y: (value: number) => number,
): string =>
  values
    .map((value, place) => {
      if (value === undefined) return "";
      const pen = values[place - 1] === undefined ? "M" : "L";
      return `${pen}${left(place)} ${y(value)}H${right(place)}`;
    })
    .join("");

export interface BarChartProps {
  readonly label: string;
  readonly buckets: readonly Bucket[];
  readonly step: Step;
  readonly bars: readonly Bars[];
  /** Values of the period before, bucket by bucket. */
  readonly before?: Bars["values"] | undefined;
  /** What comes of the values together: highest values do not add up, so that their bars stand before each other. */
  readonly aggregation: Aggregation;
  /** What one is. */
  readonly unit: string;
  readonly nameOf: (group: string | null) => string;
  readonly onRange: (from: number, to: number) => void;
}

/** Scales and outlines: all that stays while the pointer moves. */
const draw = (
  { buckets, bars, before, aggregation }: Pick<BarChartProps, "buckets" | "bars" | "before" | "aggregation">,
  width: number,
  zone: Zone,
) => {
  const together = togetherOf(bars, aggregation, buckets.length);
  // Not spread: all time may have thousands of days.
  const top = [...together, ...(before ?? [])].reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  const y = scaleLinear()
    .domain([0, top === 0 ? 1 : top])
    .nice(5)
    .range([HEIGHT - BOTTOM, TOP]);
  const [first, last] = [buckets[0]?.start ?? 0, buckets.at(-1)?.end ?? 1];
  const x = (zone === "utc" ? scaleUtc() : scaleTime())
    .domain([first, last])
    .range([LEFT, Math.max(LEFT + 1, width - RIGHT)]);
  const gap = (x(last) - x(first)) / Math.max(1, buckets.length) > 4 ? 1 : 0;
  const left = (place: number): number => x(buckets[place]?.start ?? first);
  const right = (place: number): number => Math.max(left(place) + 0.5, x(buckets[place]?.end ?? last) - gap);
  const below = buckets.map(() => 0);
  const paths = bars.map(({ values }) => {
    const path = barsPath(values, aggregation === "max" ? [] : below, left, right, y);
    for (const [place, value] of values.entries()) below[place] = (below[place] ?? 0) + (value ?? 0);
    return path;
  });
  return { x, y, left, right, together, paths, first, last };
};

/**
 * Stacked bars over time. The pointer, or the arrow keys, tell the values of a bar; dragging chooses the time between.
 */
export const BarChart = ({
  label,
  buckets,
  step,
  bars,
  before,
  aggregation,
  unit,
  nameOf,
  onRange,
}: BarChartProps) => {
  const { zone } = usePlace();
  const { place: frame, width } = useWidth();
  const [chosen, setAt] = useState<number>();
  const [drag, setDrag] = useState<readonly [from: number, to: number]>();
  // Another time may have fewer bars.
  const at = chosen !== undefined && chosen < buckets.length ? chosen : undefined;

  const { x, y, left, right, together, paths, first, last } = useMemo(
    () => draw({ buckets, bars, before, aggregation }, width, zone),
    [buckets, bars, before, aggregation, width, zone],
  );
  // One at the very edge would be cut.
  const ticks = x
    .ticks(Math.max(2, Math.floor(width / 90)))
    .filter((time) => x(time) > LEFT - 10 && x(time) < width - EDGE);
  const placeAt = (clientX: number): number => {
    const box = frame.current?.getBoundingClientRect();
    const time = x.invert(clientX - (box?.left ?? 0)).getTime();
    const found = buckets.findIndex(({ end }) => time < end);
    return Math.max(0, found === -1 ? buckets.length - 1 : found);
  };

  const bucket = at === undefined ? undefined : buckets[at];
  const title =
    bucket === undefined ? "" : step === "day" ? dayText(bucket.start, zone) : minuteText(bucket.start, zone);
  const lines =
    at === undefined
      ? []
      : bars
          .map((one) => ({ one, group: one.group, value: one.values[at] ?? 0 }))
          .filter(({ value }) => value > 0);
  const total = at === undefined ? undefined : together[at];
  const totalText = total === undefined ? "unknown" : `${numberText(total)} ${unitText(total, unit)}`;
  const words = [
    `${title}: ${totalText}`,
    ...lines.map(({ group, value }) => `${nameOf(group)} ${numberText(value)}`),
  ].join(", ");

  const move = (to: number): void => setAt(Math.max(0, Math.min(buckets.length - 1, to)));
  const onKeyDown = (event: KeyboardEvent): void => {
    const from = at ?? buckets.length;
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: from - 1,
      ArrowRight: (at ?? -1) + 1,
      Home: 0,
      End: buckets.length - 1,
    };
    const to = steps[event.key];
    if (event.key === "Escape") setAt(undefined);
    else if (to !== undefined) {
      event.preventDefault();
      move(to);
    }
  };

  return (
    <div
      ref={frame}
      class="chart"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, buckets.length - 1)}
      aria-valuenow={at ?? 0}
      aria-valuetext={at === undefined ? "No bar selected. Use the arrow keys." : words}
      onKeyDown={onKeyDown}
      onBlur={() => setAt(undefined)}
      onPointerMove={(event) => {
        move(placeAt(event.clientX));
        if (drag !== undefined) setDrag([drag[0], event.clientX]);
      }}
      onPointerLeave={() => {
        setAt(undefined);
        setDrag(undefined);
      }}
      onPointerDown={(event) => {
        if (event.pointerType === "mouse" && event.button === 0) setDrag([event.clientX, event.clientX]);
      }}
      onPointerUp={() => {
        if (drag !== undefined && Math.abs(drag[1] - drag[0]) > MIN_DRAG) {
          const [from, to] = drag.toSorted((a, b) => a - b);
          const [begin, end] = [buckets[placeAt(from ?? 0)], buckets[placeAt(to ?? 0)]];
          if (begin !== undefined && end !== undefined) onRange(begin.start, end.end);
        }
        setDrag(undefined);
      }}
    >
      {width > 0 && (
        <svg width={width} height={HEIGHT} aria-hidden="true">
          {y.ticks(5).map((value) => (
            <g key={value}>
              <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} />
              <text class="tick" x={LEFT - 6} y={y(value)} dy="0.32em" text-anchor="end">
                {compactText(value)}
              </text>
            </g>
          ))}
          {ticks.map((time) => (
            <text key={time.getTime()} class="tick" x={x(time)} y={HEIGHT - 8} text-anchor="middle">
              {tickText(time.getTime(), zone, last - first)}
            </text>
          ))}
          {at !== undefined && (
            <rect
              class="chosen"
              x={left(at)}
              y={TOP}
              width={Math.max(1, right(at) - left(at))}
              height={HEIGHT - BOTTOM - TOP}
            />
          )}
          {paths.map((path, place) => (
            <path
              key={bars[place]?.group ?? ""}
              class={aggregation === "max" ? "bars outline" : "bars"}
              d={path}
              style={{ color: colorOf(bars[place]) }}
            />
          ))}
          {before !== undefined && (
            <path class="before" d={beforePath(before.slice(0, buckets.length), left, right, y)} />
          )}
          {drag !== undefined && (
            <rect
              class="drag"
              x={Math.min(...drag) - (frame.current?.getBoundingClientRect().left ?? 0)}
              y={TOP}
              width={Math.abs(drag[1] - drag[0])}
              height={HEIGHT - BOTTOM - TOP}
            />
          )}
        </svg>
      )}
      {at !== undefined && (
        <div
          class="tooltip"
          style={
            left(at) > width / 2 ? { right: `${width - left(at) + 10}px` } : { left: `${right(at) + 10}px` }
          }
        >
          <strong>{title}</strong>
          <dl>
            {lines.map(({ one, group, value }) => (
              <div key={group ?? ""}>
                <dt>
                  <span class="swatch" style={{ color: colorOf(one) }} />
                  {nameOf(group)}
                </dt>
                <dd>{numberText(value)}</dd>
              </div>
            ))}
            <div class="total">
              <dt>{aggregation === "max" ? "Highest" : "Total"}</dt>
              <dd>{totalText}</dd>
            </div>
            {before !== undefined && (
              <div>
                <dt>Period before</dt>
                <dd>{before[at] === undefined ? "unknown" : numberText(before[at])}</dd>
              </div>
            )}
          </dl>
        </div>
      )}
    </div>
  );
};
