/** Reports the rejection of a promise that a synchronous hook returned, which would otherwise end the process. */
export const containPromise = (answer: unknown, onError: (error: unknown) => void): void => {
  if (answer instanceof Promise) answer.catch(onError);
};

/** Wraps `onError` so that its own failures are ignored. */
export const containOnError =
  (hook: (error: unknown) => void = (error) => console.error(error)) =>
  (error: unknown): void => {
    try {
      // A promise that it returns may reject; there is nowhere to report that.
      containPromise(hook(error), () => {});
    } catch {
      // Nor a throw.
    }
  };
