import type { Receipt } from "@meter-lib/core";

/** A client with any catalog, for code whose events are checked at run time. */
export interface EventRecorder {
  record(event: object): Receipt;
  flush(): Promise<boolean>;
}

/** Records events and reports those that were rejected. Never throws. */
export const recordAll = (
  recorder: EventRecorder,
  events: readonly object[],
  onError: (error: unknown) => void,
): readonly Receipt[] =>
  events.map((event) => {
    const receipt = recorder.record(event);
    void receipt.durable.then((outcome) => {
      if (!outcome.ok && outcome.reason === "refused") onError(outcome.error);
    });
    return receipt;
  });

/** Returns a function that calls `onError` and ignores its failures. */
export const reporter =
  (onError: ((error: unknown) => void) | undefined, otherwise: string) =>
  (error: unknown): void => {
    try {
      if (onError === undefined) console.error(otherwise, error);
      else contained(onError(error));
    } catch {
      // `onError` itself failed, so there is nowhere to report it.
    }
  };

/** Ignores the rejection of a hook that returned a promise. */
const contained = (answer: unknown): void => {
  if (answer instanceof Promise) answer.catch(() => {});
};
