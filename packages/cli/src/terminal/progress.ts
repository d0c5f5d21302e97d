import type { Io } from "./io.ts";
import { printLine } from "./print.ts";
import { formatNumber } from "./table.ts";

/** Reports the progress of long work. */
export interface Progress {
  /** @param total - in the unit of `done`; undefined while unknown */
  at(done: number, total: number | undefined, note?: string): void;
  /** Removes the bar; call it before printing anything else. */
  end(): void;
}

const BAR_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 5_000;
const BAR_WIDTH = 24;
const CLEAR = "\r\u001b[K";

/** Shows a bar on standard error if that is a terminal, else a line every few seconds. Silent with `--json`. */
export const startProgress = (io: Io, label: string, unit: string): Progress => {
  const { stderr } = io;
  const started = performance.now();
  const interval = stderr.isTTY ? BAR_INTERVAL_MS : LINE_INTERVAL_MS;
  let shownAt = stderr.isTTY ? Number.NEGATIVE_INFINITY : started;
  let isShown = false;

  const line = (done: number, total: number | undefined, note: string): string => {
    const seconds = (performance.now() - started) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    const parts = [
      total === undefined
        ? `${formatNumber(done)} ${unit}`
        : `${formatNumber(done)} of ${formatNumber(total)} ${unit}`,
    ];
    if (rate > 0 && done > 0)
      parts.push(`${formatNumber(rate < 10 ? Number(rate.toFixed(1)) : Math.round(rate))}/s`);
    if (total !== undefined && rate > 0 && done > 0 && done < total)
      parts.push(`${duration((total - done) / rate)} left`);
    if (note !== "") parts.push(note);
    return parts.join("  ");
  };

  return {
    at: (done, total, note = "") => {
      const now = performance.now();
      if (io.json || now - shownAt < interval) return;
      shownAt = now;
      const text = line(done, total, note);
      if (!stderr.isTTY) {
        void printLine(stderr, `${label}: ${text}`);
        return;
      }
      isShown = true;
      const shown = total === undefined ? `${label}  ${text}` : `${label}  ${bar(done, total)}  ${text}`;
      void stderr.write(CLEAR + shown.slice(0, stderr.columns - 1));
    },
    end: () => {
      if (isShown) void stderr.write(CLEAR);
      isShown = false;
    },
  };
};

const bar = (done: number, total: number): string => {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.floor(share * BAR_WIDTH);
  return `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${String(Math.floor(share * 100)).padStart(3)}%`;
};

const duration = (seconds: number): string => {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};
