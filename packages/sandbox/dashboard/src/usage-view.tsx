import { useMemo, useState } from "preact/hooks";
import type { UsageRow } from "../../src/store/usage-query.ts";
import type { UsageSeries } from "../../src/store/usage-series.ts";
import { withQuery } from "./ask.ts";
import type { CatalogAnswer } from "./catalog-answer.ts";
import { chartData, type Measure } from "./chart-data.ts";
import { Choice } from "./choice.tsx";
import { DataTable } from "./data-table.tsx";
import { DownloadLinks } from "./download-links.tsx";
import { NoUsage } from "./no-usage.tsx";
import { durationText, numberText } from "./number-text.ts";
import { SendEvent } from "./send-event.tsx";
import { timeZoneOf, type Zone } from "./time-text.ts";
import { UsageChart } from "./usage-chart.tsx";
import { useAnswer } from "./use-answer.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** From so many hours on, a time begins with a whole day in UTC. */
const WHOLE_DAYS = 30 * 24;
/** How many hours back, in words. */
const RANGES: readonly (readonly [number, string])[] = [
  [24, "Last 24 hours"],
  [7 * 24, "Last 7 days"],
  [30 * 24, "Last 30 days"],
  [365 * 24, "Last year"],
  [Number.POSITIVE_INFINITY, "All time"],
];
const MEASURES: readonly (readonly [Measure, string])[] = [
  ["total_usage", "usage"],
  ["duration_ms", "duration"],
  ["events", "events"],
];
const SHOWN_ROWS = 200;

/** The meter with the most events: what to look at first. */
const busiest = (rows: readonly UsageRow[]): string | undefined => {
  const events = new Map<string, number>();
  for (const row of rows) events.set(row.meter_id, (events.get(row.meter_id) ?? 0) + row.events);
  return [...events].sort((a, b) => b[1] - a[1])[0]?.[0];
};

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();

/** Usage over time and in sums. */
export const UsageView = ({ zone, theme }: { readonly zone: Zone; readonly theme: "light" | "dark" }) => {
  const [hours, setHours] = useState(7 * 24);
  const [by, setBy] = useState<"hour" | "day">("hour");
  const [chosenMeter, setMeter] = useState<string>();
  const [customer_id, setCustomer] = useState("");
  const [chosenMeasure, setMeasure] = useState<Measure>();

  // By the hour, so that the question stays the same while it is asked again; far back by the day, which is quicker to add up.
  const step = hours >= WHOLE_DAYS ? DAY_MS : HOUR_MS;
  const from = Number.isFinite(hours)
    ? Math.floor((Date.now() + HOUR_MS - hours * HOUR_MS) / step) * step
    : undefined;
  const catalog = useAnswer<CatalogAnswer>("sandbox/v1/catalog");
  const totals = useAnswer<{ rows: readonly UsageRow[] }>(withQuery("sandbox/v1/usage", { from }));
  const rows = totals.data?.rows ?? [];
  const meters = unique(rows.map((row) => row.meter_id));
  const customers = unique(rows.map((row) => row.customer_id));
  const meter_id = chosenMeter ?? busiest(rows) ?? "";
  const meter = catalog.data?.meters.find((one) => one.meter_id === meter_id);
  const measure = chosenMeasure ?? (meter?.type === "performance" ? "duration_ms" : "total_usage");

  const over = useAnswer<{ series: readonly UsageSeries[] }>(
    withQuery("sandbox/v1/usage/series", {
      meter_id: meter_id === "" ? "-" : meter_id,
      customer_id,
      from,
      by,
      time_zone: by === "day" ? timeZoneOf(zone) : undefined,
    }),
  );
  const data = useMemo(
    () => chartData(over.data?.series ?? [], { zone, measure, level: meter?.aggregation === "last" }),
    [over.data, zone, measure, meter?.aggregation],
  );

  if (totals.data === undefined) return <h1>Usage</h1>;
  const time = <Choice label="Time" value={hours} options={RANGES} onChoose={setHours} />;
  if (rows.length === 0) return <NoUsage>{time}</NoUsage>;
  const unit =
    measure === "duration_ms" ? "hours" : measure === "events" ? "events" : (meter?.unit ?? "units");
  const shown = rows.filter((row) => customer_id === "" || row.customer_id === customer_id);
  return (
    <>
      <h1>Usage</h1>
      <div class="fields">
        <Choice
          label="Meter"
          value={meter_id}
          options={(meters.includes(meter_id) ? meters : [meter_id, ...meters]).map((id) => [id])}
          onChoose={setMeter}
        />
        <Choice
          label="Customer"
          value={customer_id}
          options={[["", "all"], ...customers.map((id) => [id] as const)]}
          onChoose={setCustomer}
        />
        {time}
        <Choice label="Per" value={by} options={[["hour"], ["day"]]} onChoose={setBy} />
        <Choice label="Show" value={measure} options={MEASURES} onChoose={setMeasure} />
      </div>
      <section class="card">
        <h2 class="id">{meter_id}</h2>
        <p class="quiet">{meter?.description ?? (meter_id === "" ? "" : "Not in the catalog; summed.")}</p>
        {data.times.length === 0 ? (
          <p class="quiet empty">No usage in this time.</p>
        ) : (
          <UsageChart
            // Another time or meter starts without the zoom of the one before.
            key={`${hours} ${by} ${meter_id}`}
            data={data}
            labels={(over.data?.series ?? []).map((one) => one.customer_id ?? "all others")}
            unit={unit}
            zone={zone}
            theme={theme}
          />
        )}
      </section>
      <section class="card">
        <div class="head">
          <h2>In all</h2>
          <DownloadLinks of="usage" query={{ customer_id, from, by: "hour" }} />
        </div>
        <DataTable
          label="Usage in all"
          heads={[
            "Customer",
            "Tenant",
            "Meter",
            { number: "Usage" },
            { number: "Duration" },
            { number: "Events" },
            { number: "Duplicates" },
            { number: "Conflicts" },
            { number: "Late" },
          ]}
        >
          {shown.slice(0, SHOWN_ROWS).map((row) => (
            <tr key={JSON.stringify([row.customer_id, row.tenant_id, row.meter_id])}>
              <td class="id">{row.customer_id}</td>
              <td class="id">{row.tenant_id}</td>
              <td class="id">
                <button type="button" class="link" onClick={() => setMeter(row.meter_id)}>
                  {row.meter_id}
                </button>
              </td>
              <td class="number">{numberText(row.total_usage)}</td>
              <td class="number">{row.duration_ms === 0 ? "–" : durationText(row.duration_ms)}</td>
              <td class="number">{numberText(row.events)}</td>
              <td class="number">{numberText(row.duplicates)}</td>
              <td class="number">{numberText(row.conflicts)}</td>
              <td class="number">{numberText(row.late)}</td>
            </tr>
          ))}
        </DataTable>
        {shown.length > SHOWN_ROWS && (
          <p class="quiet">
            {numberText(shown.length - SHOWN_ROWS)} more rows: choose a customer, or export.
          </p>
        )}
      </section>
      {meter_id !== "" && (
        <details class="card">
          <summary>The code that sends this meter</summary>
          <SendEvent key={meter_id} meterId={meter_id} />
        </details>
      )}
    </>
  );
};
