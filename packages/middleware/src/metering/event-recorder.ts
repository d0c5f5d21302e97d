import type { Receipt } from "@meter-lib/core";

/** A client of any catalog, for code that has its events checked at run time. */
export interface EventRecorder {
  record(event: object): Receipt;
  flush(): Promise<boolean>;
}

/** Records events, and tells what was refused. Never throws. */
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

/** An `onError` that throws or rejects breaks nothing either. */
export const reporter =
  (onError: ((error: unknown) => void) | undefined, otherwise: string) =>
  (error: unknown): void => {
    try {
      if (onError === undefined) console.error(otherwise, error);
      else contained(onError(error));
    } catch {
      // There is nobody left to tell.
    }
  };

/** A hook that is not waited for may give a promise all the same. */
const contained = (answer: unknown): void => {
  if (answer instanceof Promise) answer.catch(() => {});
};
