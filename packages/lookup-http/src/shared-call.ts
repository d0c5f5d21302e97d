/** One call that several callers wait for. */
export interface SharedCall<T> {
  /** Waits for the result; undefined when the signal aborts first, which the other callers do not notice. */
  join(signal: AbortSignal): Promise<T | undefined>;
}

export interface SharedCallOptions {
  /** Called once when the call is over: it settled, or nobody waits for it any more. */
  readonly onEnd: () => void;
}

/** Starts a call that must not reject; it is aborted when all who joined have given up. */
export const sharedCall = <T>(
  run: (signal: AbortSignal) => Promise<T>,
  { onEnd }: SharedCallOptions,
): SharedCall<T> => {
  const controller = new AbortController();
  let waiting = 0;
  const result = Promise.resolve().then(() => run(controller.signal));
  void result.then(onEnd, onEnd);

  return {
    join: async (signal) => {
      if (signal.aborted) return undefined;
      waiting++;
      let giveUp = () => {};
      const gaveUp = new Promise<undefined>((resolve) => {
        giveUp = () => resolve(undefined);
        signal.addEventListener("abort", giveUp, { once: true });
      });
      try {
        return await Promise.race([result, gaveUp]);
      } finally {
        signal.removeEventListener("abort", giveUp);
        waiting--;
        if (waiting === 0) {
          onEnd();
          controller.abort();
        }
      }
    },
  };
};
