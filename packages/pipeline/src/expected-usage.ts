// Computes the bill from the writers' journals alone. It shares no code with meter-lib, the writers or the SQL, so that a mistake
// there is not repeated here.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

export interface UsageRow {
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly meter_id: string;
  /** Start of the hour, in milliseconds since the epoch. */
  readonly hour_ms: number;
  events: number;
  total_usage: number | null;
  duration_ms: number;
}

const HOUR = 3_600_000;

export const expectedUsage = async (journals: readonly string[]): Promise<readonly UsageRow[]> => {
  const rows = new Map<string, UsageRow & { newest: number }>();
  const rowAt = (tenant: string, meter: string, at: number) => {
    const hour = Math.floor(at / HOUR) * HOUR;
    const key = [tenant, meter, hour].join();
    let row = rows.get(key);
    if (row === undefined) {
      row = {
        tenant_id: tenant,
        customer_id: tenant === "acme-labs" ? "cust_acme" : `cust_${tenant}`,
        meter_id: meter,
        hour_ms: hour,
        events: 0,
        total_usage: null,
        duration_ms: 0,
        newest: -1,
      };
      rows.set(key, row);
    }
    return row;
  };
  const open = new Map<string, { start?: number | undefined; end?: number | undefined }>();
  const seen = new Set<string>();
  const corrections = await lastCorrections(journals);

  for (const journal of journals) {
    for await (const recorded of linesOf(journal)) {
      if (recorded.correction !== undefined) continue;
      if (seen.has(recorded.event_id)) throw new Error(`${recorded.event_id} is in the journals twice`);
      seen.add(recorded.event_id);
      const e = corrections.get(recorded.event_id) ?? recorded;
      if (e.correction === "cancel") continue;
      const at = e.end_time ?? e.start_time ?? e.event_time;
      const row = rowAt(e.tenant_id, e.meter_id, at);
      row.events++;
      if (e.meter_id === "document.storage.size_gb" && e.total_usage !== undefined) {
        // A level: the newest counts, and of two at the same time the greater.
        if (at > row.newest || (at === row.newest && e.total_usage > (row.total_usage ?? 0))) {
          row.newest = at;
          row.total_usage = e.total_usage;
        }
      } else if (e.total_usage !== undefined) {
        row.total_usage = (row.total_usage ?? 0) + e.total_usage;
      } else if (e.start_time !== undefined && e.end_time !== undefined) {
        row.duration_ms += e.end_time - e.start_time;
      } else if (e.session_id !== undefined) {
        const session = open.get(e.session_id) ?? {};
        session.start ??= e.start_time;
        session.end ??= e.end_time;
        open.set(e.session_id, session);
        if (session.start !== undefined && session.end !== undefined) {
          rowAt(e.tenant_id, e.meter_id, session.end).duration_ms += session.end - session.start;
        }
      }
    }
  }
  return [...rows.values()].map(({ newest: _, ...row }) => row);
};

/** The last content of each corrected event. */
const lastCorrections = async (journals: readonly string[]): Promise<ReadonlyMap<string, Line>> => {
  const last = new Map<string, Line>();
  for (const journal of journals)
    for await (const line of linesOf(journal))
      if (line.correction !== undefined) last.set(line.event_id, line);
  return last;
};

/** A line of a journal: an event, or a correction of one. */
interface Line {
  readonly event_id: string;
  readonly tenant_id: string;
  readonly meter_id: string;
  readonly event_time: number;
  readonly session_id?: string;
  readonly total_usage?: number;
  readonly start_time?: number;
  readonly end_time?: number;
  readonly correction?: "amend" | "cancel";
}

async function* linesOf(journal: string): AsyncIterable<Line> {
  for await (const line of createInterface({ input: createReadStream(journal) }))
    if (line.startsWith("{")) yield JSON.parse(line);
}
