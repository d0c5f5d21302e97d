import {
  type ClaimedSegment,
  createEventId,
  eventSize,
  eventsOf,
  type GivenId,
  type Lane,
  type UsageEvent,
  usageEvent,
} from "@meter-lib/core/store";
import { contentMark } from "@meter-lib/core/wire";

/** 2026-01-15, 10:30 UTC. */
export const SAMPLE_TIME = 1_768_473_000_000;

export interface SampleFields extends Partial<UsageEvent> {
  /** Its size: metadata make up for what is missing. At least 250. */
  readonly bytes?: number | undefined;
  readonly lane?: Lane | undefined;
  /** Whether a caller gave the time. @default true */
  readonly timeGiven?: boolean | undefined;
}

/** An event, with what its holder knows about it. */
export class SampleEvent {
  readonly event: UsageEvent;
  readonly bytes: number;
  readonly lane: Lane;
  /** Of an event whose id a caller gave; undefined where the id was made for it just now. */
  readonly mark: string | undefined;
  /** Where it is, once it is recorded. */
  segment = "";
  index = 0;
  key = 0;
  seq = 0;
  producer = "";
  attempts = 0;
  first_sent_at: number | undefined = undefined;
  customer_id: string | undefined = undefined;

  constructor(event: UsageEvent, lane: Lane, mark: string | undefined) {
    this.event = event;
    this.bytes = eventSize(event);
    this.lane = lane;
    this.mark = mark;
  }

  get event_id(): string {
    return this.event.event_id;
  }

  get tenant_id(): string {
    return this.event.tenant_id;
  }

  get meter_id(): string {
    return this.event.meter_id;
  }
}

const NO_FIELDS: UsageEvent = {
  event_id: "",
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
};

const sized = (event: UsageEvent, bytes: number): UsageEvent => {
  const missing = bytes - eventSize({ ...event, metadata: { fill: "" } });
  if (missing < 0) throw new RangeError(`an event of ${bytes} bytes is too small`);
  return { ...event, metadata: { fill: "x".repeat(missing) } };
};

const sample = (
  event_id: string,
  { bytes, lane = "live", timeGiven = true, ...fields }: SampleFields,
  isGiven: boolean,
): SampleEvent => {
  const whole = usageEvent({ ...NO_FIELDS, event_id, ...fields });
  const event = bytes === undefined ? whole : usageEvent(sized(whole, bytes));
  return new SampleEvent(event, lane, isGiven ? contentMark(event, timeGiven) : undefined);
};

let lastId = 0;

/** A new event whose id a caller gave. */
export const sampleEvent = (fields: SampleFields = {}): SampleEvent =>
  sample(`event-${String(++lastId).padStart(9, "0")}`, fields, true);

/** New events whose ids were made for them just now, as most are. */
export const sampleEvents = (count: number, fields: SampleFields = {}): SampleEvent[] =>
  Array.from({ length: count }, () => sample(createEventId(SAMPLE_TIME), fields, false));

/** The same event once more, as another call would make it. */
export const repeatOf = ({ event, lane }: SampleEvent, fields: SampleFields = {}): SampleEvent =>
  sample(event.event_id, { ...event, lane, ...fields }, true);

/** The ids of a segment that may have been recorded before: those that callers gave, or all of a commit that is made again. */
export const givenIds = (events: readonly SampleEvent[], again = false): readonly GivenId[] =>
  events.flatMap(({ event, mark = again ? contentMark(event, true) : undefined }, index) =>
    mark === undefined ? [] : [{ index, mark }],
  );

/** The events of a claimed segment, with what came with them. */
export const claimedEvents = (segment: ClaimedSegment): readonly SampleEvent[] => {
  const count = segment.pieces.at(-1)?.to ?? 0;
  const events = eventsOf(segment.body, count);
  return segment.pieces.flatMap(({ from, to, attempts, first_sent_at }) =>
    events.slice(from, to).map((event, i) => {
      const index = from + i;
      if (event === undefined) throw new Error(`no event at ${index} of the claimed segment ${segment.id}`);
      const claimed = new SampleEvent(event, segment.lane, undefined);
      const { id, producer, customer_id } = segment;
      const [key, seq] = [segment.key + index, segment.first_seq + index];
      return Object.assign(claimed, {
        segment: id,
        index,
        key,
        seq,
        producer,
        attempts,
        first_sent_at,
        customer_id,
      });
    }),
  );
};
