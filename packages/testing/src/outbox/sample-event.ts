import { EventRecord, fingerprint, type UsageEvent } from "@meter-lib/core";

/** 2026-01-15, 10:30 UTC. */
export const SAMPLE_TIME = 1_768_473_000_000;

export interface SampleFields extends Partial<UsageEvent> {
  readonly bytes?: number;
  readonly lane?: EventRecord["lane"];
}

let lastId = 0;

/** A new event with an id of its own. */
export const sampleEvent = ({ bytes = 200, lane = "live", ...fields }: SampleFields = {}): EventRecord => {
  lastId++;
  const event: UsageEvent = {
    event_id: `event-${String(lastId).padStart(9, "0")}`,
    tenant_id: "tenant-1",
    device_id: "device-1",
    meter_id: "api_calls",
    type: "volume",
    event_time: SAMPLE_TIME,
    total_usage: 3,
    start_time: undefined,
    end_time: undefined,
    metadata: { region: "eu" },
    session_id: undefined,
    ...fields,
  };
  const record = new EventRecord(event, bytes, fingerprint(event, true));
  record.lane = lane;
  return record;
};

/** Events whose identities were made for them just now, as most are. */
export const sampleEvents = (count: number, fields: SampleFields = {}): EventRecord[] =>
  Array.from({ length: count }, () => {
    const event = sampleEvent(fields);
    event.mayBeRepeat = false;
    return event;
  });

/** The same event once more, as another call would make it. */
export const repeatOf = (event: EventRecord, fields: SampleFields = {}): EventRecord => {
  const { event_id, tenant_id, device_id, meter_id, type, event_time, total_usage, metadata, bytes, lane } =
    event;
  return sampleEvent({
    event_id,
    tenant_id,
    device_id,
    meter_id,
    type,
    event_time,
    total_usage,
    metadata,
    bytes,
    lane,
    ...fields,
  });
};
