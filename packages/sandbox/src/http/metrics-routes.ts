import { Hono } from "hono";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

type Kind = "counter" | "gauge";
type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

const escaped = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const labelsText = (labels: Readonly<Record<string, string>> = {}): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
};

/** One metric in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
const metric = (name: string, kind: Kind, help: string, samples: readonly Sample[]): string =>
  [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${kind}`,
    ...samples.map(([value, labels]) => `${name}${labelsText(labels)} ${value}`),
    "",
  ].join("\n");

/** Metrics without customer or tenant labels: the number of those has no limit. */
const metricsText = ({ store, faults }: SandboxContext): string => {
  const to = Number.MAX_SAFE_INTEGER;
  const { rows, sum } = store.totals({
    by: "meter",
    to,
    sort: "id",
    descending: false,
    offset: 0,
    limit: Number.POSITIVE_INFINITY,
  });
  const { refused } = store.figures({ to }).now;
  const byMeter = (value: (row: (typeof rows)[number]) => number): readonly Sample[] =>
    rows.map((row) => [value(row), { meter_id: row.id }]);
  const missing = store.gaps().reduce((all, gap) => all + gap.missing, 0);
  return [
    metric(
      "meter_sandbox_events_total",
      "counter",
      "Events received, by state.",
      (
        [
          ["accepted", sum.events],
          ["duplicate", sum.duplicates],
          ["conflict", sum.conflicts],
          ["refused", refused],
        ] as const
      ).map(([state, value]) => [value, { state }]),
    ),
    metric(
      "meter_sandbox_counted_events_total",
      "counter",
      "Events counted.",
      byMeter(({ events }) => events),
    ),
    metric(
      "meter_sandbox_usage",
      "gauge",
      "Usage by the meter's aggregation.",
      byMeter(({ total_usage }) => total_usage ?? 0),
    ),
    metric(
      "meter_sandbox_duration_seconds_total",
      "counter",
      "Time between starts and ends.",
      byMeter(({ duration_ms }) => duration_ms / 1000),
    ),
    metric("meter_sandbox_late_events_total", "counter", "Events counted long after their event time.", [
      [sum.late],
    ]),
    metric("meter_sandbox_missing_events", "gauge", "Sequence numbers of producers that have not arrived.", [
      [missing],
    ]),
    metric(
      "meter_sandbox_unknown_tenants",
      "gauge",
      "Unknown tenants looked up since the start; the last 500 are kept.",
      [[store.unknownTenants.list().length]],
    ),
    metric("meter_sandbox_outage", "gauge", "1 while the sandbox misbehaves on purpose.", [
      [faults.state().outcome === "as_usual" && faults.state().delay_ms === 0 ? 0 : 1],
    ]),
  ].join("");
};

/** The endpoint that Prometheus scrapes. */
export const metricsRoutes = (context: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  app.get("/metrics", (c) => {
    c.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    return c.body(metricsText(context));
  });
  return app;
};
