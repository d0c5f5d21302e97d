import { setImmediate as nextTurn } from "node:timers/promises";
import { type Context, Hono } from "hono";
import { stream } from "hono/streaming";
import type * as v from "valibot";
import type { LoggedEvent } from "../store/log-query.ts";
import type { UsageRow } from "../store/usage-query.ts";
import { checked } from "./checked-input.ts";
import { csvLine } from "./csv-line.ts";
import { eventsFilter } from "./log-routes.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";
import { usageQuery } from "./usage-routes.ts";

const PAGE = 1000;
/** After so long whoever else asks or posts has their turn: a whole log takes minutes, and one event may have come in a large request. */
const TURN_MS = 10;

const USAGE_COLUMNS = [
  "tenant_id",
  "customer_id",
  "meter_id",
  "hour",
  "total_usage",
  "duration_ms",
  "events",
  "duplicates",
  "conflicts",
  "late",
] as const satisfies readonly (keyof UsageRow)[];

const EVENT_COLUMNS = [
  "id",
  "state",
  "late",
  "received_at",
  "tenant_id",
  "customer_id",
  "meter_id",
  "event_id",
  "event_time",
  "total_usage",
  "start_time",
  "end_time",
  "producer",
  "seq",
  "reason",
  "dialect",
  "request",
] as const satisfies readonly (keyof LoggedEvent)[];

type Format = "csv" | "ndjson";

const TYPES: Record<Format, string> = { csv: "text/csv; charset=utf-8", ndjson: "application/x-ndjson" };

/** Streams a file row by row, so that memory does not grow with its size. */
const answerFile = <Key extends string>(
  c: Context<SandboxEnv>,
  name: string,
  format: Format,
  columns: readonly Key[],
  rows: Iterable<Readonly<Partial<Record<Key, unknown>>>>,
): Response => {
  c.header("content-type", TYPES[format]);
  c.header("content-disposition", `attachment; filename="${name}.${format}"`);
  return stream(
    c,
    async (out) => {
      let lines = format === "csv" ? csvLine(columns) : "";
      let begun = performance.now();
      for (const row of rows) {
        lines +=
          format === "csv" ? csvLine(columns.map((column) => row[column])) : `${JSON.stringify(row)}\n`;
        if (performance.now() - begun < TURN_MS) continue;
        await out.write(lines);
        await nextTurn();
        if (out.aborted) return;
        lines = "";
        begun = performance.now();
      }
      await out.write(lines);
    },
    async (error) => {
      console.error(error);
      // Abort the connection, so that half a file is not mistaken for the whole.
      c.env.outgoing.destroy();
    },
  );
};

/** Exports usage and events as files: CSV for spreadsheets, NDJSON with all fields. */
export const exportRoutes = ({ store }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();

  // The columns of a CSV file tell nothing of the requests that the events came in, so those are not read.
  const eventRows = function* (filter: v.InferOutput<typeof eventsFilter>, format: Format) {
    const read = format === "csv" ? store.log.events : store.log.receivedEvents;
    let after = filter.after ?? 0;
    let rows = PAGE;
    while (rows === PAGE) {
      rows = 0;
      for (const event of read({ ...filter, after, limit: PAGE })) {
        yield event;
        after = event.id;
        rows++;
      }
    }
  };

  const usageRows = function* (query: v.InferOutput<typeof usageQuery>) {
    const pages = query.by === "hour" ? store.usage.hourPages(query, PAGE) : [store.usage.rows(query)];
    for (const rows of pages) yield* rows;
  };

  for (const format of ["csv", "ndjson"] as const) {
    app.get(`/sandbox/v1/export/usage.${format}`, (c) =>
      answerFile(c, "usage", format, USAGE_COLUMNS, usageRows(checked(usageQuery, c.req.query()))),
    );
    app.get(`/sandbox/v1/export/events.${format}`, (c) =>
      answerFile(c, "events", format, EVENT_COLUMNS, eventRows(checked(eventsFilter, c.req.query()), format)),
    );
  }
  return app;
};
