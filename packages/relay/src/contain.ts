/** Takes care that a promise which a hook gave, though none was asked for, does not end the process when it rejects. */
export const containPromise = (answer: unknown, onError: (error: unknown) => void): void => {
  if (answer instanceof Promise) answer.catch(onError);
};

/** The hook that is told of errors; whatever it does itself breaks nothing. */
export const containOnError =
  (hook: (error: unknown) => void = (error) => console.error(error)) =>
  (error: unknown): void => {
    try {
      // There is nobody left to tell.
      containPromise(hook(error), () => {});
    } catch {
      // Nor here.
    }
  };
