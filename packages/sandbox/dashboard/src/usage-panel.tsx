import { useMemo } from "preact/hooks";
import type { UsageSeries } from "../../src/store/usage-series.ts";
import { catalogShape, figuresShape, keysShape, seriesShape } from "./answer-shapes.ts";
import { withQuery } from "./ask.ts";
import { BarChart, colorOf } from "./bar-chart.tsx";
import { type Bars, chartBars, firstMoment, type Measure, togetherOf } from "./chart-bars.ts";
import { Choice } from "./choice.tsx";
import { Combobox } from "./combobox.tsx";
import { Figures } from "./figures.tsx";
import { findCustomers, findMeters } from "./find-options.ts";
import { Id } from "./id.tsx";
import { compactText, numberText } from "./number-text.ts";
import { usePlace } from "./place.ts";
import { RangeChoice } from "./range-choice.tsx";
import type { Scope } from "./scope.ts";
import { SendEvent } from "./send-event.tsx";
import { Shown } from "./shown.tsx";
import { useNow } from "./time.tsx";
import { bucketsOf, periodBefore, rangeOf, stepOf, type TimeRange } from "./time-range.ts";
import { minuteText, timeZoneOf } from "./time-text.ts";
import { TotalsTable } from "./totals-table.tsx";
import { type Answered, bothOf, dataOf, useAnswer } from "./use-answer.ts";

const MEASURES: readonly (readonly [Measure, string])[] = [
  ["total_usage", "usage"],
  ["duration_ms", "duration"],
  ["events", "events"],
];
const METADATA = "metadata.";
/** A group in the address; one may be named like the word for all others. */
const onlyText = (group: string | null): string => (group === null ? "others" : `id:${group}`);
const NO_BARS: readonly UsageSeries[] = [];

const useSeries = (
  scope: Scope & { readonly meter_id: string },
  { from, to }: TimeRange,
  more: { readonly by: string; readonly time_zone: string | undefined; readonly group_by: string },
  asked = true,
): Answered<{ readonly series: readonly UsageSeries[] }> =>
  useAnswer(
    asked ? withQuery("sandbox/v1/usage/series", { ...scope, from, to, ...more }) : undefined,
    seriesShape,
  );

/** Moves and zooms the time shown, by keyboard and pointer. */
const ZoomButtons = ({ from, to }: { readonly from: number; readonly to: number }) => {
  const { set } = usePlace();
  const span = to - from;
  const show = (begin: number, end: number): void =>
    set({ from: `${Math.max(0, Math.round(begin))}`, to: `${Math.round(end)}`, range: "" });
  const steps: readonly (readonly [string, string, () => void])[] = [
    ["Zoom in", "+", () => show(from + span / 4, to - span / 4)],
    ["Zoom out", "−", () => show(from - span / 2, to + span / 2)],
    ["Earlier", "←", () => show(from - span / 2, to - span / 2)],
    ["Later", "→", () => show(from + span / 2, to + span / 2)],
  ];
  return (
    <fieldset class="buttons zoom">
      <legend class="unseen">Time shown</legend>
      {steps.map(([name, sign, act]) => (
        <button key={name} type="button" aria-label={name} title={name} onClick={act}>
          {sign}
        </button>
      ))}
      <span class="quiet wide">or drag across the chart</span>
    </fieldset>
  );
};

/** Usage of one meter over time, in figures, as bars and in totals. */
export const UsagePanel = ({
  scope,
  meter_id,
}: {
  readonly scope: Scope;
  /** The meter to begin with. */
  readonly meter_id: string;
}) => {
  const { params, zone, set, linkTo } = usePlace();
  const now = useNow();
  const range = rangeOf(params, now, zone);
  const step = stepOf(range, params.by);
  const catalog = useAnswer("sandbox/v1/catalog", catalogShape);
  const meter = dataOf(catalog)?.meters.find((one) => one.meter_id === meter_id);
  const measuresTime = meter?.type === "performance";
  const measure =
    MEASURES.find(([name]) => name === params.show)?.[0] ?? (measuresTime ? "duration_ms" : "total_usage");
  const customer_id = scope.customer_id ?? params.customer ?? "";
  const asked = { ...scope, meter_id, ...(customer_id === "" ? {} : { customer_id }) };

  const keys = useAnswer(withQuery("sandbox/v1/usage/keys", { meter_id }), keysShape);
  const groups = [
    ["customer", "Customer"],
    ["tenant", "Tenant"],
    ...(dataOf(keys)?.keys ?? []).map(({ key }) => [`${METADATA}${key}`, key] as const),
  ] as const;
  const usual = scope.customer_id === undefined ? "customer" : "tenant";
  const named = params.group ?? "";
  const group =
    named.startsWith(METADATA) && named !== METADATA
      ? named
      : (groups.find(([name]) => name === named)?.[0] ?? usual);

  const figures = useAnswer(withQuery("sandbox/v1/usage/figures", { ...asked, ...range }), figuresShape);
  const more = { by: step, time_zone: step === "day" ? timeZoneOf(zone) : undefined, group_by: group };
  const over = useSeries(asked, range, more);
  const series = dataOf(over)?.series ?? NO_BARS;
  const from = range.from ?? firstMoment(series, zone) ?? range.to;
  const earlier = periodBefore({ from, to: range.to });
  const compares = params.compare === "1" && range.from !== undefined;
  const overBefore = useSeries(asked, earlier, { ...more, group_by: "customer" }, compares);
  const seriesBefore = dataOf(overBefore)?.series;

  // Events and durations add up, whatever usage does.
  const aggregation = (measure === "total_usage" ? meter?.aggregation : undefined) ?? "sum";
  const buckets = useMemo(() => bucketsOf(from, range.to, step, zone), [from, range.to, step, zone]);
  const bars = useMemo(
    () => chartBars(series, buckets, { zone, measure, aggregation }),
    [series, buckets, zone, measure, aggregation],
  );
  const before = useMemo(() => {
    if (!compares || seriesBefore === undefined || earlier.from === undefined) return undefined;
    const spans = bucketsOf(earlier.from, earlier.to, step, zone);
    return togetherOf(
      chartBars(seriesBefore, spans, { zone, measure, aggregation }),
      aggregation,
      spans.length,
    );
  }, [compares, seriesBefore, earlier.from, earlier.to, step, zone, measure, aggregation]);

  const only = bars.find(({ group: name }) => params.only === onlyText(name));
  const shown = only === undefined ? bars : [only];
  const unit = measure === "duration_ms" ? "hour" : measure === "events" ? "event" : (meter?.unit ?? "unit");
  const nameOf = (name: string | null): string => name ?? "All others";
  const sumOf = (values: Bars["values"]): number => {
    if (aggregation === "last") return values.at(-1) ?? 0;
    const known = values.map((value) => value ?? 0);
    return aggregation === "max" ? Math.max(0, ...known) : known.reduce((sum, value) => sum + value, 0);
  };

  return (
    <>
      <div class="fields">
        {scope.meter_id === undefined && (
          <Combobox
            label="Meter"
            value={meter_id}
            find={findMeters}
            required
            onChoose={(meter) => set({ meter, show: "", group: "", only: "" })}
          />
        )}
        {scope.customer_id === undefined && scope.tenant_id === undefined && (
          <Combobox
            label="Customer"
            value={customer_id}
            find={findCustomers}
            onChoose={(customer) => set({ customer, only: "" })}
          />
        )}
        <RangeChoice />
        <Choice
          label="Bars"
          value={step}
          options={[
            ["hour", "Hours"],
            ["day", "Days"],
          ]}
          onChoose={(by) => set({ by })}
        />
        <Choice
          label="Group by"
          value={group}
          options={
            groups.some(([name]) => name === group)
              ? groups
              : [...groups, [group, group.slice(METADATA.length)]]
          }
          onChoose={(name) => set({ group: name, only: "" })}
        />
        <Choice label="Show" value={measure} options={MEASURES} onChoose={(show) => set({ show })} />
        <label class="check">
          <input
            type="checkbox"
            checked={compares}
            disabled={range.from === undefined}
            onChange={(e) => set({ compare: e.currentTarget.checked ? "1" : "" })}
          />
          Compare with the period before
        </label>
      </div>
      {keys.state === "unknown" && (
        <p class="old">Which metadata the usage could be grouped by is unknown. {keys.error}</p>
      )}
      <section class="card">
        <Shown of={bothOf(figures, catalog)} lines={2}>
          {([told]) => (
            <Figures
              {...told}
              unit={meter?.unit}
              measuresTime={measuresTime}
              linkOf={(state) =>
                linkTo(["events"], {
                  meter: meter_id,
                  state,
                  tenant: scope.tenant_id,
                  customer: customer_id,
                })
              }
            />
          )}
        </Shown>
      </section>
      <section class="card">
        <div class="head">
          <h2>
            <Id kind="meters" id={meter_id} />
          </h2>
          <p class="quiet">
            {minuteText(from, zone)} – {minuteText(range.to, zone)}
          </p>
        </div>
        {catalog.state === "known" && (
          <p class="quiet">
            {meter === undefined ? "Not in the catalog: usage is summed." : meter.description}
          </p>
        )}
        <Shown of={bothOf(over, catalog)} lines={8}>
          {() =>
            series.length === 0 ? (
              <p class="quiet empty">No usage in this period.</p>
            ) : (
              <>
                {compares && (
                  <Shown of={overBefore} lines={1}>
                    {() => null}
                  </Shown>
                )}
                <BarChart
                  label={`Usage of ${meter_id} over time`}
                  buckets={buckets}
                  step={step}
                  bars={shown}
                  before={only === undefined ? before : undefined}
                  aggregation={aggregation}
                  unit={unit}
                  nameOf={nameOf}
                  onRange={(begin, end) => set({ from: `${begin}`, to: `${end}`, range: "" })}
                />
                <div class="legend">
                  {bars.map((one) => {
                    const sum = sumOf(one.values);
                    return (
                      <button
                        key={one.group ?? ""}
                        type="button"
                        aria-pressed={only === one}
                        title={only === one ? "Show all" : "Show alone"}
                        onClick={() => set({ only: only === one ? "" : onlyText(one.group) })}
                      >
                        <span class="swatch" style={{ color: colorOf(one) }} />
                        <span class="id">{nameOf(one.group)}</span>
                        <span class="quiet" title={numberText(sum)}>
                          {compactText(sum)}
                        </span>
                      </button>
                    );
                  })}
                  {before !== undefined && only === undefined && (
                    <span class="quiet">
                      <span class="swatch line" /> Period before
                    </span>
                  )}
                </div>
              </>
            )
          }
        </Shown>
        <ZoomButtons from={from} to={range.to} />
      </section>
      <TotalsTable
        key={`${group} ${meter_id}`}
        by={group === "tenant" ? "tenant" : "customer"}
        query={{ ...asked, ...range }}
        measuresTime={measuresTime}
      />
      <details class="card">
        <summary>The code that sends this meter</summary>
        <SendEvent key={meter_id} meterId={meter_id} />
      </details>
    </>
  );
};
