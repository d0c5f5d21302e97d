/** The fields of a row, by type. */
export const TEXTS = ["meter_id", "tenant_id", "device_id", "event_id", "session_id"] as const;
export const TIMES = ["event_time", "start_time", "end_time"] as const;

export type TextField = (typeof TEXTS)[number];
export type TimeField = (typeof TIMES)[number];

export const FIELDS: readonly string[] = [...TEXTS, ...TIMES, "total_usage", "metadata"];

/** The prefix of the fields for event metadata. */
export const METADATA = "metadata.";

export const isField = (name: string): boolean =>
  FIELDS.includes(name) || (name.startsWith(METADATA) && name.length > METADATA.length);
