import { useRef } from "preact/hooks";
import { totalsShape } from "./answer-shapes.ts";
import { withQuery } from "./ask.ts";
import { NoUsage } from "./no-usage.tsx";
import { usePlace } from "./place.ts";
import type { Scope } from "./scope.ts";
import { Shown } from "./shown.tsx";
import { useNow } from "./time.tsx";
import { rangeOf } from "./time-range.ts";
import { UsagePanel } from "./usage-panel.tsx";
import { useAnswer } from "./use-answer.ts";

/** Chooses the meter to show: the one that the address names, else the one with the most events. */
export const Usage = ({ scope }: { readonly scope: Scope }) => {
  const { params, zone } = usePlace();
  const now = useNow();
  const named = scope.meter_id ?? params.meter;
  const { from, to } = rangeOf(params, now, zone);
  const question = withQuery("sandbox/v1/usage/totals", { by: "meter", ...scope, from, to, limit: 1 });
  const busiest = useAnswer(named === undefined ? question : undefined, totalsShape);
  /** The first one that was shown stays, though another one may have more events by now. */
  const first = useRef<{ readonly of: string; readonly meter: string } | undefined>(undefined);
  if (named !== undefined) return <UsagePanel scope={scope} meter_id={named} />;
  return (
    <Shown of={busiest} lines={10}>
      {({ rows: [row] }) => {
        if (row === undefined) return <NoUsage scope={scope} />;
        if (first.current?.of !== question) first.current = { of: question, meter: row.id };
        return <UsagePanel scope={scope} meter_id={first.current.meter} />;
      }}
    </Shown>
  );
};

/** Usage of all. */
export const UsageView = () => (
  <>
    <h1>Usage</h1>
    <Usage scope={{}} />
  </>
);
