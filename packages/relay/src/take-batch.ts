import { createEventId, type PageEventResult } from "@meter-lib/core";
import type { Principal } from "./authenticate.ts";
import { type BatchItem, ClaimedBatch, type ClaimedBatchOptions, ID_CONFLICT } from "./claimed-batch.ts";
import { clockShift } from "./clock-correction.ts";
import { duplicate, rejected, retry } from "./event-result.ts";
import { pageMark, writeDecision } from "./first-decision.ts";
import { parseEvent, type ReceivedBatch } from "./relay-wire.ts";

export interface TakeBatchOptions extends ClaimedBatchOptions {
  readonly clockThresholdMs: number;
}

/**
 * Takes the events of one request. An answer for each event, in order; nothing is answered before it is so. Rejects when the
 * dedup store does: then nothing was taken.
 */
export const takeBatch = async (
  batch: ReceivedBatch,
  principal: Principal,
  now: number,
  options: TakeBatchOptions,
): Promise<readonly PageEventResult[]> => {
  const shiftMs = clockShift(now, batch.sent_at, options.clockThresholdMs);
  const items = new Map<string, BatchItem>();
  const answers = batch.events.map((value): BatchItem | PageEventResult => {
    const received = parseEvent(value);
    if (!received.ok) return rejected(received.event_id, received.reason);
    const { event: page } = received;
    const { event_id } = page;
    const mark = pageMark(page);
    const first = items.get(event_id);
    if (first === undefined) {
      const note = writeDecision({ mark, shiftMs, device_id: principal.device_id });
      const item = { event_id, page, mark, note };
      items.set(event_id, item);
      return item;
    }
    if (first.mark !== mark) return rejected(event_id, ID_CONFLICT);
    return { ...first };
  });
  if (items.size > 0) {
    const claimed = new ClaimedBatch(principal, createEventId(now), options);
    await claimed.take([...items.values()], now);
    return answers.map((answer) => {
      if ("state" in answer) return answer;
      const { event_id } = answer;
      const result = claimed.results.get(event_id) ?? retry(event_id, "not taken", options.leaseMs);
      // The second of two equal events in one batch.
      return items.get(event_id) !== answer && result.state === "accepted" ? duplicate(event_id) : result;
    });
  }
  return answers.filter((answer) => "state" in answer);
};
