import type { EventContext } from "../event/check-event.ts";
import type { ClientCore } from "./client-core.ts";
import type { SendResult } from "./send-result.ts";

export interface TimeOptions {
  /** Told what became of the event. It cannot break the measured call by throwing. */
  readonly onMetered?: (result: SendResult) => void;
}

/** Runs `work` and sends the times of its start and end, also when it throws. */
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
    // A clock that was set back in between must not make an end before its start.
    const end_time = Math.max(start_time, core.clock.now());
    const result = await core.send({ ...event, start_time, end_time }, context);
    try {
      onMetered?.(result);
    } catch {
      // The hook's trouble is not the caller's.
    }
  }
};
