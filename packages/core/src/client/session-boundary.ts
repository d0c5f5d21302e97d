import type { SessionRow } from "../log/store/tables.ts";

/** Builds the event for the start of a session; always the same for one row. */
export const startOf = (row: SessionRow): object => ({
  ...boundaryOf(row),
  event_id: row.start_event_id,
  event_time: row.started_at,
  start_time: row.started_at,
});

/** Builds the event for the end of a session. */
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
