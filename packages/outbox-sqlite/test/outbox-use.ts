import {
  createEventId,
  EventRecord,
  fingerprint,
  NO_CHANGES,
  type Outbox,
  type OutboxChanges,
  type UsageEvent,
} from "@meter-lib/core";

/** Commits some changes, at a time. */
export const commit = (outbox: Outbox, changes: Partial<OutboxChanges>, now = Date.now()) =>
  Promise.resolve(outbox.commit({ ...NO_CHANGES, now, ...changes }));

/** New events under these ids, held by the outbox. */
export const append = (outbox: Outbox, events: readonly EventRecord[], now = Date.now()) =>
  commit(outbox, { append: events.map((event) => ({ event, hold: true })) }, now);

/** Ids of all that can be claimed. */
export const claimIds = async (outbox: Outbox, now = Date.now()): Promise<readonly string[]> => {
  const { events } = await outbox.claim({ now, maxEvents: 10_000, maxBytes: 1e9, skipTenants: [] });
  return events.map(({ event_id }) => event_id);
};

/** An event of 200 bytes. */
export const event = (event_id: string, fields: Partial<UsageEvent> = {}): EventRecord => {
  const checked: UsageEvent = {
    event_id,
    tenant_id: "tenant-1",
    device_id: "device-1",
    meter_id: "api_calls",
    type: "volume",
    event_time: 1_768_473_000_000,
    total_usage: 3,
    start_time: undefined,
    end_time: undefined,
    metadata: { region: "eu" },
    session_id: undefined,
    ...fields,
  };
  return new EventRecord(checked, 200, fingerprint(checked, true));
};

export const events = (count: number, prefix = "event"): EventRecord[] =>
  Array.from({ length: count }, (_, index) => event(`${prefix}-${index}`));

/** Events whose ids were made for them, as most are. */
export const newEvents = (count: number, fields: Partial<UsageEvent> = {}): EventRecord[] =>
  Array.from({ length: count }, () => {
    const made = event(createEventId(Date.now()), fields);
    made.mayBeRepeat = false;
    return made;
  });
