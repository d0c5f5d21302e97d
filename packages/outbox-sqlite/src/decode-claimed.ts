import { EventRecord } from "@meter-lib/core";
import { parseBody } from "./event-body.ts";
import type { ClaimOutput } from "./store-call.ts";

const optional = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

/** The events of claimed rows, as they were recorded. */
export const decodeClaimed = ({ count, texts, numbers }: ClaimOutput): readonly EventRecord[] => {
  const events: EventRecord[] = [];
  for (let index = 0; index < count; index++) {
    const text = (column: number): string => texts[index * 6 + column] ?? "";
    const number = (column: number): number => numbers[index * 10 + column] ?? Number.NaN;
    const total_usage = optional(number(2));
    const event = new EventRecord(
      {
        event_id: text(1),
        tenant_id: text(0),
        meter_id: text(2),
        total_usage,
        ...parseBody(text(5), number(1), total_usage),
      },
      number(3),
      number(4),
    );
    event.customer_id = text(3);
    event.producer = text(4);
    event.key = number(0);
    event.lane = number(5) === 0 ? "live" : "backfill";
    event.seq = number(6);
    event.recordedAt = number(7);
    event.state = "pending";
    event.attempts = number(8);
    event.firstSentAt = optional(number(9));
    events.push(event);
  }
  return events;
};
