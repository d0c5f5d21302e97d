import type { OutgoingEvent } from "../event/usage-event.ts";
import type { Clock } from "../strategies/clock.ts";
import type { SendAnswer, Transport, Unsure } from "../strategies/transport.ts";

export interface AttemptOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The time was over while the process was frozen. */
  readonly thawed?: AbortSignal | undefined;
}

// A transport that ignores its signal is not waited for any longer.
const GRACE_MS = 1_000;

/** Hands a batch to a transport once. Whatever the transport does, a well-formed answer comes in time. */
export const attempt = async (
  transport: Transport,
  events: readonly OutgoingEvent[],
  { clock, timeoutMs, signal, thawed }: AttemptOptions,
): Promise<SendAnswer> => {
  const abort = new AbortController();
  const giveUp = () => abort.abort(signal?.reason);
  const timeOut = () => abort.abort(new Error(`no answer within ${timeoutMs} ms`));
  let cancelTimer = () => {};
  let cancelGrace = () => {};
  try {
    const ended = new Promise<SendAnswer>((resolve) => {
      cancelTimer = clock.schedule(timeoutMs, timeOut, { holdProcess: true });
      abort.signal.addEventListener(
        "abort",
        () => {
          const timeout = signal?.aborted !== true;
          const reason = timeout ? `no answer within ${timeoutMs} ms` : "aborted on the way";
          cancelGrace = clock.schedule(
            GRACE_MS,
            () => resolve(allUnsure(events.length, { state: "unsure", reason, timeout })),
            { holdProcess: true },
          );
        },
        { once: true },
      );
    });
    if (signal?.aborted) giveUp();
    else signal?.addEventListener("abort", giveUp, { once: true });
    thawed?.addEventListener("abort", timeOut, { once: true });
    const answer = await Promise.race([
      transport.send({ events }, { signal: abort.signal, deadline: clock.now() + timeoutMs }),
      ended,
    ]);
    return wellFormed(answer, events.length, transport.name);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return allUnsure(events.length, {
      state: "unsure",
      reason: `the transport ${transport.name} threw: ${words}`,
    });
  } finally {
    cancelTimer();
    cancelGrace();
    signal?.removeEventListener("abort", giveUp);
  }
};

const allUnsure = (count: number, outcome: Unsure): SendAnswer => ({
  outcomes: Array.from({ length: count }, () => outcome),
});

/** An answer that does not fit the batch says nothing sure about any of its events. */
const wellFormed = (answer: SendAnswer, count: number, name: string): SendAnswer => {
  if (answer.fault !== undefined || answer.outcomes.length === count) return answer;
  const reason = `the transport ${name} answered ${answer.outcomes.length} outcomes for ${count} events`;
  return allUnsure(count, { state: "unsure", reason });
};
