import type { SessionRow } from "../log/tables.ts";

/** The event that says when a session began, always the same for one row. */
export const startOf = (row: SessionRow): object => ({
  ...boundaryOf(row),
  event_id: row.start_event_id,
  event_time: row.started_at,
  start_time: row.started_at,
});

/** The event that says when it ended. */
export const endOf = (row: SessionRow, end_time: number): object => ({
  ...boundaryOf(row),
  event_id: row.end_event_id,
  event_time: end_time,
  end_time,
});

const boundaryOf = ({ tenant_id, device_id, meter_id, session_id, metadata }: SessionRow) => ({
  tenant_id,
  device_id,
  meter_id,
  session_id,
  ...(metadata === undefined ? {} : { metadata }),
});
