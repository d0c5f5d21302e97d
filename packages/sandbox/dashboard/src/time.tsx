import { useEffect, useState } from "preact/hooks";
import { usePlace } from "./place.ts";
import { agoText, timeText } from "./time-text.ts";

const TICK_MS = 10_000;

/** The time of now, told anew every ten seconds. */
export const useNow = (): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
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
