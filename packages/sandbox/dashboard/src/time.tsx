import { useEffect, useState } from "preact/hooks";
import { usePlace } from "./place.ts";
import { agoText, timeText } from "./time-text.ts";

const TICK_MS = 10_000;

/** One clock for all times on the page: a table has hundreds. */
const watchers = new Set<(now: number) => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

const watch = (watcher: (now: number) => void): (() => void) => {
  watchers.add(watcher);
  ticking ??= setInterval(() => {
    for (const told of watchers) told(Date.now());
  }, TICK_MS);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
};

/** The time of now, told anew every ten seconds. */
export const useNow = (): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => watch(setNow), []);
  return now;
};

/** A time, exact, and beside it how long ago that is. */
export const Time = ({ at }: { readonly at: number | null | undefined }) => {
  const { zone } = usePlace();
  const now = useNow();
  if (at === null || at === undefined) return <>–</>;
  return (
    <span class="time">
      <time dateTime={new Date(at).toISOString()}>{timeText(at, zone)}</time>{" "}
      <span class="ago">{agoText(at, now)}</span>
    </span>
  );
};
