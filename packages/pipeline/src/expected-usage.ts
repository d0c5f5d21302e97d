// The bill, worked out from the writers' journals alone. It shares nothing with meter-lib, the writers or the SQL, so that a mistake
// there is no mistake here.
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
  const open = new Map<string, { start?: number; end?: number }>();
  const seen = new Set<string>();

  for (const journal of journals) {
    for await (const line of createInterface({ input: createReadStream(journal) })) {
      if (!line.startsWith("{")) continue;
      const e = JSON.parse(line);
      if (seen.has(e.event_id)) throw new Error(`${e.event_id} is in the journals twice`);
      seen.add(e.event_id);
      const at = e.end_time ?? e.start_time ?? e.event_time;
      const row = rowAt(e.tenant_id, e.meter_id, at);
      row.events++;
      if (e.meter_id === "document.storage.size_gb") {
        // A level: the newest stands, of two at once the greater.
        if (at > row.newest || (at === row.newest && e.total_usage > (row.total_usage ?? 0))) {
          row.newest = at;
          row.total_usage = e.total_usage;
        }
      } else if (e.total_usage !== undefined) {
        row.total_usage = (row.total_usage ?? 0) + e.total_usage;
      } else if (e.start_time !== undefined && e.end_time !== undefined) {
        row.duration_ms += e.end_time - e.start_time;
      } else {
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
