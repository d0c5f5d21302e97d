import uPlot from "uplot";
import type { ChartData } from "./chart-data.ts";
import type { Zone } from "./time-text.ts";

/** How a chart looks; another look is another chart. */
export interface PlotLook {
  readonly labels: readonly string[];
  /** Of the values. */
  readonly unit: string;
  readonly zone: Zone;
  readonly theme: "light" | "dark";
}

/** A chart on the page. */
export interface UsagePlot {
  /** Draws other data; a zoom stays. */
  setData(data: ChartData): void;
  /** Shows `zoom` times as much time, moved by `shift` times what was shown. */
  move(zoom: number, shift: number): void;
  showAll(): void;
  destroy(): void;
}

// Readable on their ground, and told apart also by people who see red and green alike.
const COLORS = {
  light: ["#1d5fd1", "#b45309", "#0f766e", "#a21caf", "#4d7c0f", "#be123c", "#6d28d9", "#0369a1", "#57606a"],
  dark: ["#7aa7ff", "#f5b041", "#4fd1c5", "#e89bf5", "#b5d96c", "#ff8fa3", "#b9a3ff", "#63c7f2", "#a8b0ba"],
};
const GRID = { light: "#e3e6ea", dark: "#2b3139" };
const FONT = "12px system-ui, sans-serif";
const HEIGHT = 300;

const optionsOf = ({ labels, unit, zone, theme }: PlotLook, width: number, ink: string): uPlot.Options => {
  const grid = { stroke: GRID[theme], width: 1 };
  const axis: uPlot.Axis = { stroke: ink, grid, ticks: grid, font: FONT };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => {
      const date = new Date(seconds * 1000);
      return zone === "utc" ? uPlot.tzDate(date, "Etc/UTC") : date;
    },
    scales: { y: { range: (_, low, high) => [Math.min(0, low), high <= 0 ? 1 : high * 1.08] } },
    axes: [
      // 2026-11-22 rather than 11/22/26: the same everywhere.
      {
        ...axis,
        values: [
          [31_536_000, "{YYYY}", null, null, null, null, null, null, 1],
          [2_419_200, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
          [86_400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
          [3600, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
          [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
        ],
      },
      { ...axis, size: 62, label: unit, labelSize: 20, labelFont: FONT },
    ],
    cursor: {
      y: false,
      // A step is pointed at from its start to its end; uPlot would take the nearest start.
      dataIdx: ({ data }, _, nearest, time) =>
        nearest > 0 && (data[0][nearest] ?? 0) > time ? nearest - 1 : nearest,
    },
    series: [
      { label: zone === "utc" ? "UTC" : "Time", value: "{YYYY}-{MM}-{DD} {HH}:{mm}" },
      ...labels.map((label, i): uPlot.Series => {
        const color = COLORS[theme][i % COLORS[theme].length] ?? ink;
        return {
          label,
          stroke: color,
          width: 2,
          points: { show: false },
          ...(labels.length === 1 ? { fill: `${color}33` } : undefined),
          ...(stepped === undefined ? undefined : { paths: stepped }),
        };
      }),
    ],
  };
};

/** Draws a chart into an element, as wide as that is. */
export const usagePlot = (target: HTMLElement, look: PlotLook): UsagePlot => {
  const plot = new uPlot(
    optionsOf(look, target.clientWidth, getComputedStyle(target).color),
    [[], ...look.labels.map(() => [])],
    target,
  );
  const watch = new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height: HEIGHT }));
  watch.observe(target);

  const ends = (): readonly [number, number] | undefined => {
    const [first, last] = [plot.data[0].at(0), plot.data[0].at(-1)];
    return first === undefined || last === undefined ? undefined : [first, last];
  };
  const shown = (): readonly [number, number] | undefined => {
    const { min, max } = plot.scales.x ?? {};
    return min === undefined || max === undefined || min === null || max === null ? undefined : [min, max];
  };
  const show = ([min, max]: readonly [number, number]): void => plot.setScale("x", { min, max });

  return {
    setData: (data) => {
      const before = shown();
      const whole = ends();
      const zoomed =
        before !== undefined && whole !== undefined && (before[0] !== whole[0] || before[1] !== whole[1]);
      plot.setData([data.times, ...data.rows]);
      if (zoomed) show(before);
    },
    move: (zoom, shift) => {
      const now = shown();
      if (now === undefined) return;
      const [min, max] = now;
      const middle = (min + max) / 2 + (max - min) * shift;
      const half = ((max - min) * zoom) / 2;
      show([middle - half, middle + half]);
    },
    showAll: () => {
      const whole = ends();
      if (whole !== undefined) show(whole);
    },
    destroy: () => {
      watch.disconnect();
      plot.destroy();
    },
  };
};
