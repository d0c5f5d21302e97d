import type { EventContext } from "../event/check-event.ts";
import type { ClientCore } from "./client-core.ts";
import type { SendResult } from "./send-result.ts";

export interface TimeOptions {
  /** Called with the result of the event. If it throws or rejects, the measured call is not affected. */
  readonly onMetered?: (result: SendResult) => void;
}

/** Runs `work` and sends its start and end times, even if it throws. */
export const timeCall = async <Value>(
  core: ClientCore,
  event: object,
  context: EventContext,
  work: () => Value | PromiseLike<Value>,
  { onMetered }: TimeOptions,
): Promise<Value> => {
  const start_time = core.clock.now();
  try {
    return await work();
  } finally {
    // If the clock was set back in between, the end must not be before the start.
    const end_time = Math.max(start_time, core.clock.now());
    const result = await core.send({ ...event, start_time, end_time }, context);
    // A hook that throws or rejects must not fail the call.
    void (async () => onMetered?.(result))().catch(() => {});
  }
};
