/** A call shared by several callers. */
export interface SharedCall<T> {
  /** Resolves with the result, or with undefined if the signal aborts first. Other callers are not affected. */
  join(signal: AbortSignal): Promise<T | undefined>;
}

export interface SharedCallOptions {
  /** Called once, when the call settles or its last caller leaves. */
  readonly onEnd: () => void;
}

/** Starts a call, which must not reject. It is aborted when its last caller leaves. */
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
