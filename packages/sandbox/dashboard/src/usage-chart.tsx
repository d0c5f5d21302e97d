import { useEffect, useRef, useState } from "preact/hooks";
import type { ChartData } from "./chart-data.ts";
import { type PlotLook, type UsagePlot, usagePlot } from "./usage-plot.ts";

/** Usage over time. Drag to zoom, double-click for all; the buttons do the same by keyboard. */
export const UsageChart = ({ data, ...look }: PlotLook & { readonly data: ChartData }) => {
  const place = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<UsagePlot>();
  const lookText = JSON.stringify(look);

  useEffect(() => {
    if (place.current === null) return;
    const made = usagePlot(place.current, JSON.parse(lookText));
    setPlot(made);
    return () => made.destroy();
  }, [lookText]);
  useEffect(() => plot?.setData(data), [plot, data]);

  return (
    <>
      <div class="chart" ref={place} />
      <fieldset class="buttons">
        <legend class="unseen">Zoom</legend>
        <button type="button" aria-label="Zoom in" onClick={() => plot?.move(0.5, 0)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => plot?.move(2, 0)}>
          −
        </button>
        <button type="button" aria-label="Earlier" onClick={() => plot?.move(1, -0.5)}>
          ←
        </button>
        <button type="button" aria-label="Later" onClick={() => plot?.move(1, 0.5)}>
          →
        </button>
        <button type="button" onClick={() => plot?.showAll()}>
          All
        </button>
        <span class="quiet">or drag in the chart</span>
      </fieldset>
    </>
  );
};
