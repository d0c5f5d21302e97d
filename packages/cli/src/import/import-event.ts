/** The event of a row: every field has the right type; the catalog has not been checked. */
export interface ImportEvent {
  readonly meter_id: string;
  readonly tenant_id: string;
  readonly device_id: string;
  /** Always set: an import is about the past. */
  readonly event_time: number;
  readonly total_usage: number | undefined;
  readonly start_time: number | undefined;
  readonly end_time: number | undefined;
  readonly event_id: string | undefined;
  readonly session_id: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}
